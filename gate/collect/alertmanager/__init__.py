"""Configurations of Alertmanager: receivers, their targets, and what reaches them."""
