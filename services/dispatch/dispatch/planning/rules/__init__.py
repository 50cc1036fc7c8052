"""What planning decides. Pure: values in, values out."""
