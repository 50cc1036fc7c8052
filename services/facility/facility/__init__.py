"""Where is care given, by whom, and who lives there? organisation → facility → bed → stay;
organisation → worker.
"""
