//! Panics in engine threads: kept off standard error, and put into words for JavaScript.

use std::any::Any;
use std::cell::RefCell;
use std::sync::Once;

/// Name of every engine thread.
pub const THREAD_NAME: &str = "moq-engine";

thread_local! {
    static PLACE: RefCell<Option<String>> = const { RefCell::new(None) };
}

/// Remember where engine threads panic instead of printing it; other threads keep what they had.
pub fn install_hook() {
    static ONCE: Once = Once::new();
    ONCE.call_once(|| {
        let previous = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            if std::thread::current().name() == Some(THREAD_NAME) {
                PLACE.with_borrow_mut(|place| *place = info.location().map(ToString::to_string));
            } else {
                previous(info);
            }
        }));
    });
}

/// A caught panic in one line.
pub fn describe(panic: &(dyn Any + Send)) -> String {
    let text = panic
        .downcast_ref::<&str>()
        .copied()
        .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
        .unwrap_or("no message");
    match PLACE.with_borrow_mut(Option::take) {
        Some(place) => format!("panic at {place}: {text}"),
        None => format!("panic: {text}"),
    }
}
