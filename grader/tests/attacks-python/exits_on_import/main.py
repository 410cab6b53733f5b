# attack: leaves while it is imported
# class: B10
# expect: score <= 0
import sys

sys.exit(0)
