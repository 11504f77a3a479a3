"""What the course is made of: texts, pretrained weights, packages, and what was trained."""
