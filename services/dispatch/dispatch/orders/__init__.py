"""An order is one visit to a home: placed, offered, accepted, begun, ended, followed up."""
