//! Computes the hash by which the page's Content-Security-Policy allows its one script.

use base64::Engine as _;
use sha2::Digest as _;

fn main() {
    let script = include_bytes!("templates/assets/report.js");
    let hash = base64::engine::general_purpose::STANDARD.encode(sha2::Sha256::digest(script));
    println!("cargo::rerun-if-changed=templates/assets/report.js");
    println!("cargo::rustc-env=REPORT_SCRIPT_SHA256={hash}");
}
