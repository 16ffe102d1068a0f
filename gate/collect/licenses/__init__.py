"""Licences of dependencies: expressions, the lists of a policy, and what several sources say of one package."""
