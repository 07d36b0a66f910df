# Modules in processes of their own.
