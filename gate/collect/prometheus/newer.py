"""What later versions of Prometheus read, and a promtool from before them refuses: no mistake of the file.

Sources: the change log of Prometheus from 2.43 to 3.5, and of its documentation, "Configuration".
"""

from __future__ import annotations

import re

from gate.formats.plain import one_line

_FIELDS = frozenset(
    {"keep_firing_for", "query_offset", "labels", "rule_query_offset"}
    | {"scrape_config_files", "scrape_protocols", "scrape_classic_histograms", "always_scrape_classic_histograms"}
    | {"convert_classic_histograms_to_nhcb", "scrape_native_histograms", "native_histogram_bucket_limit"}
    | {"native_histogram_min_bucket_factor", "enable_compression", "track_timestamps_staleness"}
    | {"keep_dropped_targets", "body_size_limit", "sample_limit", "target_limit", "label_limit"}
    | {"label_name_length_limit", "label_value_length_limit", "metric_name_validation_scheme"}
    | {"metric_name_escaping_scheme", "scrape_fallback_protocol", "scrape_failure_log_file", "extra_scrape_metrics"}
    | {"http_headers", "no_proxy", "proxy_from_environment", "proxy_connect_header", "otlp", "runtime", "retention"}
    | {
        "round_robin_dns",
        "protobuf_message",
        "google_iam",
        "azuread",
        "sdk",
        "sample_age_limit",
        "max_samples_per_send",
    }
    | {"external_id", "workload_identity", "stale_series_compaction_threshold", "ca", "cert", "key"}
    | {"ovhcloud_sd_configs", "stackit_sd_configs", "outscale_sd_configs", "aws_sd_configs", "oci_sd_configs"}
    | {"key_ref", "ca_ref", "cert_ref", "username_ref", "password_ref", "credentials_ref"}
)
_FUNCTIONS = frozenset(
    {"mad_over_time", "sort_by_label", "sort_by_label_desc", "info", "histogram_avg", "histogram_stddev"}
    | {"histogram_stdvar", "double_exponential_smoothing", "first_over_time", "ts_of_max_over_time"}
    | {"ts_of_min_over_time", "ts_of_last_over_time", "ts_of_first_over_time", "histogram_quantiles", "step", "max_of"}
    | {"limitk", "limit_ratio", "histogram_count", "histogram_sum", "histogram_fraction", "min_of"}
)
_FIELD = re.compile(r"field (\w+) not found in type (?:rulefmt|config|discovery|promql|storage|kubernetes|\w+)\.\w+")
_FUNCTION = re.compile(r'unknown function with name "?([a-z_]+)')
_NAME = re.compile(r"invalid (?:label|annotation|recording rule) name: (?P<name>.+)$")
_NEVER = re.compile(r"^__name__$|[{}]")
"""Names that no version takes."""


def newer_word(message: str) -> str | None:
    """Return the field or function in a complaint that a later version of promtool may know, None for any other."""
    for pattern, known in ((_FIELD, _FIELDS), (_FUNCTION, _FUNCTIONS)):
        found = pattern.search(message)
        if found is not None and found.group(1) in known:
            return found.group(1)
    named = _NAME.search(message)
    if named is not None and _NEVER.search(named["name"]) is None:
        return f"the name {one_line(named['name'], 60)}, which is for Prometheus from 3.0 on"
    return None
