//! What `php-cgi` processes were doing: the PHP Process Report, the debugger logs it is made of, and `phpinfo()` pages.
//!
//! # The PHP Process Report
//!
//! DaaS shipped a tool until autumn 2020 that attached a debugger to every `php-cgi` process, ran a fixed script, and made
//! one page of the output, `PHP-CGI-ProcessReport.htm`. A log of the debugger, `PHP-CGI-<pid>.log`, is what the page is
//! made of, and is deleted mostly. Both have the same sections:
//!
//! ```text
//! 0:000> * ------ Thread stack backtrace information ------
//! .  0  Id: 1a2c.1b30 Suspend: 1 Teb: 7efdd000 Unfrozen
//! ChildEBP RetAddr  Args to Child
//! 0018f3a4 75b3149d 00000003 … ntdll!NtWaitForSingleObject+0x15
//! 0:000> * ------ PHP Call Stacks ------
//! #   Function Name    File Name
//! 00  mysqli_query     D:\home\site\wwwroot\db.php @12
//! ```
//!
//! The page writes each section's heading (`General Infomation`, sic) and the text below it, process by process. Its exact
//! markup was never seen in public; what is read here is its text, with the tags taken out. The extension that tells the
//! PHP side knows PHP 5 alone: of later versions it prints `Error in reading …`, and only the native side is there.
//!
//! # What is left out
//!
//! Arguments of calls, the query string, cookies, and of settings all but a list that is known to hold no secret.

mod dump;
mod info;
mod markup;

pub use dump::{
    Frame, MAX_FRAMES, MAX_PROCESSES, MAX_THREADS, Process, ProcessFault, ProcessReport, Request,
    Thread, read_processes, sniff_processes,
};
pub use info::{PhpInfo, read_info, sniff_info};
