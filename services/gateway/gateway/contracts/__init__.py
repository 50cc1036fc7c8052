"""What the contracts declare: methods, JSON ⇄ message, the OpenAPI document."""
