//! Where runs, cases and alerts stand, by the names that the store, JSON and tables use.

macro_rules! stored_names {
    ($(#[$meta:meta])* $name:ident { $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+ }) => {
        $(#[$meta])*
        #[derive(Clone, Copy, PartialEq, Eq, Debug)]
        pub enum $name { $($(#[$vmeta])* $variant,)+ }

        impl $name {
            /// The name used in the store, in JSON and in tables.
            #[must_use]
            pub fn name(self) -> &'static str {
                match self { $($name::$variant => $text,)+ }
            }

            /// The value with this name.
            #[must_use]
            pub fn parse(text: &str) -> Option<Self> {
                match text { $($text => Some($name::$variant),)+ _ => None }
            }
        }

        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(self.name())
            }
        }
    };
}

stored_names! {
    /// Where a run stands.
    RunState {
        /// Under way.
        Running = "running",
        /// Ended with a result.
        Completed = "completed",
        /// Ended without one; may be run again.
        Failed = "failed",
        /// Ended because of an input that can't be used; may be run again.
        Quarantined = "quarantined",
    }
}

stored_names! {
    /// Where a case stands.
    CaseState {
        /// Somebody has to look.
        Open = "open",
        /// Dealt with.
        Resolved = "resolved",
    }
}

stored_names! {
    /// Where an alert stands.
    AlertState {
        /// To be sent.
        Pending = "pending",
        /// A delivery began; whether it arrived is not known yet.
        Sending = "sending",
        /// The channel took it.
        Sent = "sent",
        /// The channel refused it for good.
        Dead = "dead",
    }
}
