"""What dispatch decides. Pure: values in, values out."""
