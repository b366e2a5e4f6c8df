//! What stands around a page: head, navigation, the page's own headings, the pages before and behind it.
//!
//! Promise: all of it is in the HTML, so the site is read and walked without a script; the script only adds the
//! search, and buttons that copy.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use super::page::{Page, escaped};
use super::{CONTENTS, DECISIONS, Part, output, relative};

/// What all pages share.
pub(super) struct Frame<'a> {
    /// In their order.
    pub(super) parts: &'a [Part],
    /// By source.
    pub(super) pages: &'a BTreeMap<String, Page>,
    /// Sources of all pages in the order of reading.
    pub(super) order: &'a [&'a str],
    /// Of the program.
    pub(super) version: &'a str,
    /// There is a console to lead to.
    pub(super) served: bool,
}

impl Frame<'_> {
    /// The whole page.
    pub(super) fn around(&self, source: &str, page: &Page, body: &str) -> String {
        let here = output(source);
        let root = relative(&here, "index.html").trim_end_matches("index.html").to_owned();
        let heading = if source == CONTENTS {
            "Rillcast".to_owned()
        } else {
            format!("{} · Rillcast", escaped(page.title()))
        };
        let console = if self.served { "<a class=\"out\" href=\"/console\">Console</a>" } else { "" };
        let (version, navigation) = (escaped(self.version), self.navigation(source, &here));
        let decisions = if source == CONTENTS { self.decisions(&here) } else { String::new() };
        let (headings, neighbours) = (headings(page), self.neighbours(source, &here));
        format!(
            "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n\
             <meta name=\"color-scheme\" content=\"light dark\">\n<title>{heading}</title>\n\
             <link rel=\"icon\" href=\"data:,\">\n\
             <link rel=\"stylesheet\" href=\"{root}assets/docs.css\">\n\
             <script type=\"module\" src=\"{root}assets/docs.js\"></script>\n</head>\n\
             <body data-root=\"{root}\">\n<a class=\"skip\" href=\"#content\">Skip to the text</a>\n\
             <header class=\"top\">\n<a class=\"home\" href=\"{root}index.html\">Rillcast <span>docs</span></a>\n\
             <div class=\"search\" role=\"search\" hidden></div>\n{console}\n</header>\n\
             <div class=\"sheet\">\n{navigation}\n<main id=\"content\" tabindex=\"-1\">\n\
             <article>\n{body}{decisions}</article>\n{neighbours}\
             <footer>Rillcast {version}</footer>\n</main>\n{headings}</div>\n</body>\n</html>\n"
        )
    }

    fn navigation(&self, source: &str, here: &str) -> String {
        let mut list = String::new();
        for part in self.parts {
            let is_open = part.pages.iter().any(|(page, _)| page == source)
                || !part.pages.iter().any(|(page, _)| page.starts_with(DECISIONS));
            let open = if is_open { " open" } else { "" };
            write!(list, "<details{open}><summary>{}</summary>\n<ul>\n", escaped(&part.title)).expect(MEMORY);
            for (page, label) in &part.pages {
                let current = if page == source { " aria-current=\"page\"" } else { "" };
                let link = relative(here, &output(page));
                writeln!(list, "<li><a href=\"{link}\"{current}>{}</a></li>", escaped(label)).expect(MEMORY);
            }
            list.push_str("</ul></details>\n");
        }
        // On narrow screens it folds; without a script, too.
        format!(
            "<nav class=\"pages\" aria-label=\"Pages\">\n\
             <input type=\"checkbox\" id=\"fold\" class=\"fold\" aria-label=\"Show the list of pages\">\n\
             <label for=\"fold\" aria-hidden=\"true\">All pages</label>\n<div>\n{list}</div>\n</nav>"
        )
    }

    fn decisions(&self, here: &str) -> String {
        let mut list = String::from("<h2 id=\"decisions\">Decisions</h2>\n<ul>\n");
        for source in self.order.iter().filter(|source| source.starts_with(DECISIONS)) {
            let link = relative(here, &output(source));
            writeln!(list, "<li><a href=\"{link}\">{}</a></li>", escaped(self.title(source))).expect(MEMORY);
        }
        list + "</ul>\n"
    }

    fn neighbours(&self, source: &str, here: &str) -> String {
        let place = self.order.iter().position(|page| *page == source);
        let before = place.and_then(|place| place.checked_sub(1)).and_then(|place| self.order.get(place));
        let behind = self.order.get(place.map_or(0, |place| place + 1));
        let mut list = String::new();
        for (page, rel, word) in [(before, "prev", "Before"), (behind, "next", "Next")] {
            if let Some(page) = page {
                let (link, title) = (relative(here, &output(page)), escaped(self.title(page)));
                writeln!(list, "<a rel=\"{rel}\" href=\"{link}\"><span>{word}</span> {title}</a>")
                    .expect(MEMORY);
            }
        }
        format!("<nav class=\"turn\" aria-label=\"Before and next\">\n{list}</nav>\n")
    }

    fn title(&self, source: &str) -> &str {
        self.pages.get(source).map_or("", Page::title)
    }
}

const MEMORY: &str = "in memory";

/// The page's own headings, where there are some.
fn headings(page: &Page) -> String {
    let listed: Vec<_> = page.sections().iter().filter(|section| section.level == 2).collect();
    if listed.len() < 2 {
        return String::new();
    }
    let mut list = String::from("<nav class=\"headings\" aria-label=\"On this page\">\n<ul>\n");
    for section in listed {
        writeln!(list, "<li><a href=\"#{}\">{}</a></li>", escaped(&section.anchor), escaped(&section.title))
            .expect(MEMORY);
    }
    list + "</ul>\n</nav>\n"
}
