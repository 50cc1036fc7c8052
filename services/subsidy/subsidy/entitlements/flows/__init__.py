"""What opens, changes and ends entitlements, and what they give month by month."""
