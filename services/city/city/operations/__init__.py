"""What operations teams run inside or beside the image: schemas, topics, checks, one service's
records and keys. It needs the environment alone.
"""
