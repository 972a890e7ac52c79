//! XPath 1.0 with the functions of YANG 1.1.
