# The pool type "fs".
