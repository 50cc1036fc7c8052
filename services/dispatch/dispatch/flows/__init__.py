"""What dispatch does: each flow loads, decides, stores and emits in the transaction it is given."""
