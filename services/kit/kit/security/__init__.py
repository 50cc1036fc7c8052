"""Who calls and what they may see: tokens, roles and scopes, the audit chain."""
