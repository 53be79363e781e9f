//! Exceptions in text, language by language, and against anything at all.

mod dotnet;
mod found;
mod laws;
