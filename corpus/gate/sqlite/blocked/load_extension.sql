select load_extension('x')
