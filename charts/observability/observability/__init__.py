"""Rules and dashboards as code: written from the names that the services declare, so that neither can drift from the other."""
