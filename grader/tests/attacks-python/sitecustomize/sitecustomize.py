import builtins

builtins.loaded_by_itself = 'STORED'
