"""A course: the folder it lives in, its settings, and what students are handed."""
