//! A real browser for tests of pages, where there is one.

use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::Failed;

/// Chromium, if it is installed.
pub fn chromium() -> Option<PathBuf> {
    let path = std::env::var_os("PATH")?;
    let names = ["chromium", "chromium-browser", "google-chrome"];
    std::env::split_paths(&path)
        .flat_map(|dir| names.map(|name| dir.join(name)))
        .find(|program| program.is_file())
}

/// Puts `script` at the end of the page, loads it, and returns what has become of it.
pub fn dom(browser: &Path, page: &Path, script: &str) -> Result<String, Failed> {
    let script = format!("<script>{script}</script></body>");
    let text = std::fs::read_to_string(page)?.replace("</body>", &script);
    std::fs::write(page, text)?;
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--dump-dom"])
        .arg("--window-size=1280,800")
        .arg(format!(
            "--user-data-dir={}",
            page.with_extension("profile").display()
        ))
        .arg(format!("file://{}", page.display()))
        .output()?;
    Ok(String::from_utf8_lossy(&output.stdout).into_owned())
}
