//! One page: what is in its Markdown, and its HTML.
//!
//! Promise: headings have the anchors that GitHub gives them, so a link holds on both; HTML in the Markdown is text,
//! but for comments, which readers don't see.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::path::Path;

use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, LinkType, Options, Parser, Tag, TagEnd, html,
};

use super::{CONTENTS, output, outside, relative};

/// A page before it is written.
pub(super) struct Page {
    source: String,
    text: String,
    title: String,
    sections: Vec<Section>,
}

/// What stands below one heading.
pub(super) struct Section {
    /// 1 for the page's own.
    pub(super) level: u32,
    /// The heading's id.
    pub(super) anchor: String,
    /// The heading's words.
    pub(super) title: String,
    /// All words below it, spaces between.
    pub(super) text: String,
}

impl Page {
    /// Reads the page of this source path.
    pub(super) fn read(source: &str, text: String) -> Self {
        let sections = sections(&text);
        let title = sections.first().map_or_else(|| source.to_owned(), |section| section.title.clone());
        Self { source: source.to_owned(), text, title, sections }
    }

    /// Its first heading.
    pub(super) fn title(&self) -> &str {
        &self.title
    }

    /// Its headings, and what is below them.
    pub(super) fn sections(&self) -> &[Section] {
        &self.sections
    }

    /// Each heading of the second level, with the pages that links below it lead to: their paths, and what the
    /// links call them.
    pub(super) fn outline(&self) -> Vec<(String, Vec<(String, String)>)> {
        let mut parts: Vec<(String, Vec<(String, String)>)> = Vec::new();
        let (mut heading, mut link): (Option<String>, Option<(CowStr<'_>, String)>) = (None, None);
        for event in parse(&self.text) {
            match event {
                Event::Start(Tag::Heading { level: HeadingLevel::H2, .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(HeadingLevel::H2)) => {
                    parts.extend(heading.take().map(|title| (title, Vec::new())));
                }
                Event::Start(Tag::Link { dest_url, .. }) => link = Some((dest_url, String::new())),
                Event::End(TagEnd::Link) => {
                    if let (Some((link, label)), Some((_, pages))) = (link.take(), parts.last_mut())
                        && link.ends_with(".md")
                        && !link.contains("://")
                    {
                        pages.push((resolved(&self.source, &link), label));
                    }
                }
                Event::Text(text) | Event::Code(text) => {
                    let place = heading.as_mut().or(link.as_mut().map(|(_, label)| label));
                    if let Some(place) = place {
                        place.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        parts
    }

    /// Its HTML, and the files that it needs beside it. What leads nowhere goes to `problems`.
    pub(super) fn html(
        &self,
        root: &Path,
        pages: &BTreeMap<String, Self>,
        problems: &mut Vec<String>,
    ) -> (String, BTreeSet<String>) {
        let anchors = self.sections.iter().rev().map(|section| section.anchor.clone()).collect();
        let beside = BTreeSet::new();
        let mut writer = Writer { page: self, root, pages, problems, beside, anchors, in_comment: false };
        let events: Vec<Event<'_>> = parse(&self.text).flat_map(|event| writer.event(event)).collect();
        let mut body = String::with_capacity(self.text.len() * 2);
        html::push_html(&mut body, events.into_iter());
        (body, writer.beside)
    }
}

/// What makes HTML of a page's events.
struct Writer<'a> {
    page: &'a Page,
    root: &'a Path,
    pages: &'a BTreeMap<String, Page>,
    problems: &'a mut Vec<String>,
    beside: BTreeSet<String>,
    /// Of the headings that are still to come, the next one last.
    anchors: Vec<String>,
    /// Comments may have several lines.
    in_comment: bool,
}

impl Writer<'_> {
    fn event<'e>(&mut self, event: Event<'e>) -> Vec<Event<'e>> {
        let markup = |text: &'static str| Event::Html(CowStr::Borrowed(text));
        match event {
            Event::Start(Tag::Heading { level, classes, attrs, .. }) => {
                let id = self.anchors.pop().map(CowStr::from);
                vec![Event::Start(Tag::Heading { level, id, classes, attrs })]
            }
            Event::Start(Tag::Table(columns)) => {
                vec![
                    markup("<div class=\"table\" role=\"group\" aria-label=\"Table\" tabindex=\"0\">"),
                    Event::Start(Tag::Table(columns)),
                ]
            }
            Event::End(TagEnd::Table) => vec![Event::End(TagEnd::Table), markup("</div>\n")],
            Event::Start(Tag::CodeBlock(kind)) => {
                let language = match &kind {
                    CodeBlockKind::Fenced(words) => words.split_whitespace().next().unwrap_or_default(),
                    CodeBlockKind::Indented => "",
                };
                let open = format!(
                    "<div class=\"code\" data-language=\"{}\"><pre tabindex=\"0\"><code>",
                    escaped(language)
                );
                vec![Event::Html(open.into())]
            }
            Event::End(TagEnd::CodeBlock) => vec![markup("</code></pre></div>\n")],
            Event::Start(Tag::Link { link_type, dest_url, title, id }) => {
                let dest_url =
                    if link_type == LinkType::Email { dest_url } else { self.link(&dest_url).into() };
                vec![Event::Start(Tag::Link { link_type, dest_url, title, id })]
            }
            Event::Start(Tag::Image { link_type, dest_url, title, id }) => {
                let dest_url = self.link(&dest_url).into();
                vec![Event::Start(Tag::Image { link_type, dest_url, title, id })]
            }
            Event::Html(text) | Event::InlineHtml(text) => {
                let is_comment = self.in_comment || text.trim_start().starts_with("<!--");
                self.in_comment = is_comment && !text.contains("-->");
                if is_comment { Vec::new() } else { vec![Event::Text(text)] }
            }
            other => vec![other],
        }
    }

    /// Where a link leads in the site.
    fn link(&mut self, link: &str) -> String {
        if link.contains("://") || link.starts_with("mailto:") {
            return link.to_owned();
        }
        let (path, anchor) = link.split_once('#').map_or((link, None), |(path, anchor)| (path, Some(anchor)));
        let source = match path {
            "" => self.page.source.clone(),
            _ => resolved(&self.page.source, path),
        };
        // What introduces the project on GitHub is what the entry is here.
        let source = if source == "README.md" { CONTENTS.to_owned() } else { source };
        let here = output(&self.page.source);
        let Some(target) = self.pages.get(&source) else {
            if !self.root.join(&source).is_file() || source.ends_with(".md") {
                self.problems.push(format!("{}: {link}: not there", self.page.source));
            }
            let there = relative(&here, &outside(&source));
            self.beside.insert(source);
            return there;
        };
        let there = if path.is_empty() { String::new() } else { relative(&here, &output(&source)) };
        let Some(anchor) = anchor else { return there };
        if !target.sections.iter().any(|section| section.anchor == anchor) {
            self.problems.push(format!("{}: {link}: no such heading", self.page.source));
        }
        format!("{there}#{anchor}")
    }
}

/// Text within HTML.
pub(super) fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

fn parse(text: &str) -> Parser<'_> {
    Parser::new_ext(text, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH)
}

/// A link of a page as a path of the checkout.
fn resolved(source: &str, link: &str) -> String {
    let mut parts: Vec<&str> = source.split('/').collect();
    parts.pop();
    for part in link.split('/') {
        match part {
            ".." => drop(parts.pop()),
            "." | "" => {}
            _ => parts.push(part),
        }
    }
    // The entry has two names.
    if parts.is_empty() { CONTENTS.to_owned() } else { parts.join("/") }
}

fn sections(text: &str) -> Vec<Section> {
    let (mut sections, mut taken): (Vec<Section>, HashMap<String, u32>) = (Vec::new(), HashMap::new());
    let mut in_heading = false;
    for event in parse(text) {
        match event {
            Event::Start(Tag::Heading { level, .. }) => {
                in_heading = true;
                let level = level as u32;
                sections.push(Section {
                    level,
                    anchor: String::new(),
                    title: String::new(),
                    text: String::new(),
                });
            }
            Event::End(TagEnd::Heading(_)) => {
                in_heading = false;
                if let Some(section) = sections.last_mut() {
                    section.anchor = anchor(&section.title, &mut taken);
                }
            }
            Event::Text(words) | Event::Code(words) => {
                if let Some(section) = sections.last_mut() {
                    let place = if in_heading { &mut section.title } else { &mut section.text };
                    place.push_str(&words);
                }
            }
            Event::SoftBreak | Event::HardBreak | Event::End(_) => {
                if let Some(section) = sections.last_mut()
                    && !in_heading
                    && !matches!(
                        event,
                        Event::End(TagEnd::Emphasis | TagEnd::Strong | TagEnd::Link | TagEnd::Strikethrough)
                    )
                {
                    section.text.push(' ');
                }
            }
            _ => {}
        }
    }
    for section in &mut sections {
        section.text = section.text.split_whitespace().collect::<Vec<_>>().join(" ");
    }
    sections
}

/// GitHub's: small letters, blanks as hyphens, no punctuation, a number behind what is there already.
fn anchor(title: &str, taken: &mut HashMap<String, u32>) -> String {
    let slug: String = title
        .to_lowercase()
        .chars()
        .filter(|one| one.is_alphanumeric() || matches!(one, '-' | '_' | ' '))
        .map(|one| if one == ' ' { '-' } else { one })
        .collect();
    let times = taken.entry(slug.clone()).or_insert(0);
    *times += 1;
    if *times == 1 { slug } else { format!("{slug}-{}", *times - 1) }
}
