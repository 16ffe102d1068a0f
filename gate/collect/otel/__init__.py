"""Configurations of the OpenTelemetry Collector, samplers, SDKs and where traces go."""
