"""Workers of an organisation, their skills, certificates and shifts."""
