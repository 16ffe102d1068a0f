"""Environments by the names of files."""

from gate.collect.configuration.environments import environments_of


def test_words_of_names_and_whole_folders_count() -> None:
    paths = [
        "config/dev/a.yaml",
        "application-prod.yml",
        ".env.staging",
        "src/developer.yaml",
        "prod-notes/a.yaml",
        "a.local.json",
    ]
    assert environments_of(paths) == {
        "development": ["config/dev/a.yaml", "a.local.json"],
        "staging": [".env.staging"],
        "production": ["application-prod.yml"],
    }
