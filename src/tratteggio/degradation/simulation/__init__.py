"""How damage, dirt, blur, noise and a camera look: drawn parameters, and plain functions that apply them."""
