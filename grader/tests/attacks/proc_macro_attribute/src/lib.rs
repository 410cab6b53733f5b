//! attack: asks to be run inside the compiler
//! class: D17 proc macro
//! expect: forbidden

extern crate proc_macro;

#[proc_macro]
pub fn own(input: proc_macro::TokenStream) -> proc_macro::TokenStream {
    input
}
