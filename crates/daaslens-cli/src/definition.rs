//! What is made of the definition of the arguments besides the help: completions, and the manual page.

use std::path::Path;

use clap::{Command, CommandFactory as _};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::args::Args;
use crate::output;

/// Writes the completions for a shell to stdout; gives the exit code.
pub(crate) fn completions(shell: Shell) -> anyhow::Result<u8> {
    let mut text = Vec::new();
    clap_complete::generate(shell, &mut Args::command(), "daaslens", &mut text);
    output::write(Path::new("-"), &text)?;
    Ok(0)
}

/// Writes the manual page to stdout; gives the exit code.
pub(crate) fn man() -> anyhow::Result<u8> {
    output::write(Path::new("-"), &page(Args::command())?)?;
    Ok(0)
}

/// One page for everything: what a command takes stands under its name, so that nobody has to install a page for
/// each of them. The options of `analyze` are those of the program itself.
fn page(command: Command) -> anyhow::Result<Vec<u8>> {
    let mut command = command.disable_help_subcommand(true);
    command.build();
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_title(&mut text)?;
    page.render_name_section(&mut text)?;
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    for subcommand in
        command.get_subcommands().filter(|subcommand| subcommand.get_name() != "analyze")
    {
        text.extend_from_slice(section(subcommand)?.as_bytes());
    }
    text.extend_from_slice(exit_status(&command)?.as_bytes());
    page.render_version_section(&mut text)?;
    Ok(text)
}

/// A command as one section, the sections of its own page as parts of it.
fn section(command: &Command) -> anyhow::Result<String> {
    let page = Man::new(command.clone());
    let mut text = Vec::new();
    page.render_synopsis_section(&mut text)?;
    page.render_description_section(&mut text)?;
    page.render_options_section(&mut text)?;
    let parts = (String::from_utf8(text)? + &exit_status(command)?).replace("\n.SH ", "\n.SS ");
    let name = command.get_bin_name().unwrap_or_else(|| command.get_name());

    Ok(format!(".SH \"{}\"\n{parts}", name.to_uppercase()))
}

/// What stands behind the help is about exit codes, which manual pages have a section for.
fn exit_status(command: &Command) -> anyhow::Result<String> {
    if command.get_after_help().is_none() {
        return Ok(String::new());
    }
    let mut text = Vec::new();
    Man::new(command.clone()).render_extra_section(&mut text)?;
    Ok(String::from_utf8(text)?.replace(".SH EXTRA", ".SH \"EXIT STATUS\""))
}
