# The pool type "netfs".
