-- The archive of convo-sync: the latest shape, in full. Version 3.
--
-- This file is a public contract: tables and views are documented in docs/tables.md (made from the comments here), and
-- change only with a migration and a line in CHANGELOG.md. Names that begin with an underscore, and the search indexes,
-- are internal.
--
-- Times are UTC text of one width, 2026-03-19T10:00:00.000Z, so that text order is time order. `changed` is the number of
-- the transaction that last made the row differ: "what is new since N" is `where changed > N`; rows that left are in
-- `deletions`.

-- Facts about this file, one a row.
create table meta (
    key text primary key not null, -- schema_version, archive_id, feed_id, created_at, account, base_url, key_digest, hourly_limit, last_promise, unwiped, changed, calendar_read_at, calendar_refused_at, linked
    value text not null -- always text; `last_promise` is the highest number of promises when one was forgotten; `changed` is the number of the last transaction that made a public row differ, `linked` what it was when events were linked
) strict, without rowid;

-- One conversation (a meeting), as the last listing described it.
create table conversations (
    number integer primary key, -- a short key inside this file only
    id text not null unique, -- the API's id
    title text not null, -- as listed; may be empty
    start_time text not null, -- when the meeting began
    end_time text, -- when it ended; null while it runs, or where the server does not say
    minutes real, -- the API's duration, in minutes
    segment_count integer, -- turns of the transcript as listed; null where the server does not say
    calendar_event_id text, -- the linked calendar event's id, as the API sends it
    first_seen_at text not null, -- when a listing first showed it
    gone_at text, -- when the server was found to have deleted it; null while it is there
    gone_evidence text, -- what showed the deletion, in words
    changed integer not null -- number of the transaction that last changed this row
) strict;
create index conversations_start on conversations (start_time); -- newest first
create index conversations_changed on conversations (changed); -- the change feed

-- One fetched resource; the current version's text is in `revisions`.
create table documents (
    id integer primary key, -- a key inside this file only
    conversation_id text references conversations (id), -- null for calendar events
    kind text not null check (kind in ('listing', 'transcript', 'keypoints', 'feedback', 'answer', 'email', 'event')), -- what it is
    item text not null default '', -- tells several of a kind apart: id of an answer or e-mail, id and start of an event
    revision integer not null, -- the current version's number, from 1
    digest text not null, -- SHA-256 (hex) over the canonical JSON of its data without `cached`
    title text, -- the document's own title, where it has one
    created_at text, -- when the server made it (key points, feedback), where it says so
    fetched_at text not null, -- when this version was first received
    quarantined integer not null default 0, -- parts of it that were unusable and left out of the derived tables
    substance integer not null default 0, -- parts that say something: turns that are not blank, points, items, scores
    changed integer not null -- number of the transaction that last changed this row
) strict;
create unique index documents_key on documents (coalesce(conversation_id, ''), kind, item); -- one of each
create index documents_changed on documents (changed); -- the change feed

-- Every distinct version of every document, as received.
create table revisions (
    id integer primary key, -- a key inside this file only
    document_id integer not null references documents (id), -- whose version it is
    revision integer not null, -- 1, 2, 3 … in order of arrival
    digest text not null, -- SHA-256 (hex) over the canonical JSON of its data without `cached`
    body blob not null, -- the body as received, zlib-compressed
    bytes integer not null, -- its length before compression, in bytes
    fetched_at text not null, -- when it was first received
    cause text not null, -- why it was fetched, in words
    run_id integer, -- the run that fetched it; null where a person asked for it by hand
    changed integer not null, -- number of the transaction that stored it
    ledger_id integer, -- the line of the ledger that it was made for; null where it was found
    unique (document_id, revision)
) strict;

-- The turns of the transcripts: the text unaltered, save that NUL and lone surrogates became U+FFFD.
create table segments (
    id integer primary key, -- number of the conversation * 16777216 + position; a key inside this file only
    conversation_id text not null references conversations (id), -- whose turn it is
    position integer not null, -- 0-based place in the transcript as received
    speaker text, -- who spoke, as the server names them
    timestamp text, -- when the turn began
    text text not null, -- what was said
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- The points of the AI key points, in order.
create table keypoints (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- whose point it is
    position integer not null, -- 0-based, over all sections
    section integer not null, -- 0-based number of the section
    heading text, -- the section's heading
    text text, -- the point; null where the section is a heading alone
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- What was decided, according to the key points.
create table decisions (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- where it was decided
    position integer not null, -- 0-based, in the order received
    text text not null, -- the decision
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- What somebody is to do, according to the key points.
create table action_items (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- where it was promised
    position integer not null, -- 0-based, in the order received
    text text not null, -- what is to be done
    owner text, -- who is to do it; null where nobody was named
    confidence real, -- 0 to 1: how sure the AI is
    priority text, -- high, medium or low
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- Every action item that the archive ever held, by a number for good, with the owner's own mark. A number belongs to a
-- meeting and a text: it stays when a later version of the key points moves the item, and when it leaves and comes back.
-- Made here, not at Convo: no document has it, and no sync takes it away.
create table promises (
    number integer primary key not null, -- what `actions` shows and `actions done` takes
    conversation_id text not null references conversations (id), -- where it was promised
    text text not null, -- the item's text, as in action_items
    nth integer not null, -- 0-based: tells items of the same text in one meeting apart, in the order received
    done_at text, -- when the archive's owner marked it as done, on this machine's clock; null while it is open
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, text, nth)
) strict;

-- Who took part, according to the key points.
create table participants (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    position integer not null, -- 0-based, in the order received
    name text not null, -- the person
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- Dates that were named, according to the key points.
create table important_dates (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    position integer not null, -- 0-based, in the order received
    date text, -- the date as the AI wrote it; not always a calendar date
    context text, -- what happens then
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- The AI coaching feedback for the account's owner, one row a conversation.
create table feedback (
    id integer primary key, -- a key inside this file only
    conversation_id text not null unique references conversations (id), -- the meeting
    overall_score real, -- 0 to 10
    focus text, -- the top priority: what to work on
    quote text, -- the words that show it
    reason text, -- why it matters
    alternative text, -- what could have been said instead
    clarity real, -- 0 to 10
    listening real, -- 0 to 10
    time_management real, -- 0 to 10
    collaboration real, -- 0 to 10
    decision_making real, -- 0 to 10
    talk_listen_ratio real, -- 0 to 1: the share of the talking that was the owner's
    user_speaker text, -- the owner's name among the speakers
    changed integer not null -- number of the transaction that last changed this row
) strict;

-- Strengths and growth areas of the feedback.
create table feedback_points (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    position integer not null, -- 0-based, strengths first
    type text not null check (type in ('strength', 'growth')), -- which of the two lists
    category text, -- clarity, listening, …
    description text, -- what was seen
    suggestion text, -- what to do (growth areas)
    quote text, -- the words that show it (strengths)
    timestamp text, -- when in the meeting, as the AI wrote it
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- The steps that the feedback proposes.
create table action_plan (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    position integer not null, -- 0-based, in the order received
    text text not null, -- the step
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, position)
) strict;

-- Answers that the AI gave to a question about one conversation. They exist nowhere else. When a question was asked is
-- the fetched_at of the answer's document (kind answer, the same item).
create table answers (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting asked about
    item text not null, -- the answer's id
    query text not null, -- the question
    response text not null, -- the answer
    segments_analyzed integer, -- turns that the AI read
    conversation_minutes real, -- the meeting's length as the AI saw it, in minutes
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, item)
) strict;

-- Questions that an answer suggests next.
create table suggested_queries (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting asked about
    item text not null, -- the answer's id
    position integer not null, -- 0-based, in the order received
    text text not null, -- the question
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, item, position)
) strict;

-- Follow-up e-mails that the AI drafted. They exist nowhere else.
create table emails (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    item text not null, -- the e-mail's id
    subject text not null, -- its subject
    body text not null, -- its text
    created_at text, -- when it was drafted
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, item)
) strict;

-- Key points and action items that an e-mail was made from.
create table email_points (
    id integer primary key, -- a key inside this file only
    conversation_id text not null references conversations (id), -- the meeting
    item text not null, -- the e-mail's id
    position integer not null, -- 0-based, key points first
    type text not null check (type in ('key_point', 'action_item')), -- which of the two lists
    text text not null, -- the point
    changed integer not null, -- number of the transaction that last changed this row
    unique (conversation_id, item, position)
) strict;

-- Calendar events. The server forgets them once they are over; the archive does not.
create table events (
    id integer primary key, -- a key inside this file only
    item text not null unique, -- the event's id and its start: one occurrence
    event_id text not null, -- the API's id
    start_time text, -- when it begins; null for whole days
    start_date text, -- the first day, for whole days
    end_time text, -- when it ends; null for whole days
    end_date text, -- the day after the last, for whole days
    time_zone text, -- the time zone of its start
    end_time_zone text, -- the time zone of its end
    summary text, -- the event's title
    changed integer not null, -- number of the transaction that last changed this row
    withdrawn_at text -- when a complete reading of the calendar lacked it before it began; null where it stands
) strict;

-- Who was invited to a calendar event.
create table attendees (
    id integer primary key, -- a key inside this file only
    item text not null references events (item), -- the event's id and its start
    position integer not null, -- 0-based, in the order received
    email text, -- the address
    name text, -- the display name
    response_status text, -- accepted, declined, tentative, needsAction
    changed integer not null, -- number of the transaction that last changed this row
    unique (item, position)
) strict;

-- Which calendar event a conversation was: by the id that Convo names, else by time, title and people. Made here from both
-- sides, and made anew when either changes.
create table event_links (
    id integer primary key, -- a key inside this file only
    conversation_id text not null unique references conversations (id), -- the meeting
    item text not null references events (item) on delete cascade, -- the event's id and its start; of a repeated one, the nearest
    score real not null, -- 0 to 1: how sure the link is
    how text not null check (how in ('id', 'likeness')), -- id: Convo says so; likeness: by time, title and people
    changed integer not null -- number of the transaction that last changed this row
) strict;
create index event_links_item on event_links (item); -- the conversations of an event

-- Rows that left a public table, without their content.
create table deletions (
    id integer primary key, -- a key inside this file only
    table_name text not null, -- the table they left
    key text not null, -- JSON array of the row's key: [conversation_id], [conversation_id, position], … (promises: [number])
    changed integer not null -- number of the transaction that removed them
) strict;
create index deletions_changed on deletions (changed); -- the change feed

-- Conversations that the archive's owner had removed from it for good (`archive forget`): nothing but the id is left of
-- them, and no sync brings them back.
create table forgotten (
    conversation_id text primary key not null, -- the API's id
    forgotten_at text not null, -- when, on this machine's clock
    changed integer not null -- number of the transaction that removed it
) strict, without rowid;

-- What the archive has of each kind of each conversation, and when it will try next. Operational: carries no `changed`.
create table holdings (
    conversation_id text not null references conversations (id), -- the conversation
    kind text not null check (kind in ('transcript', 'keypoints', 'feedback')), -- the kind of document
    state text not null check (state in ('pending', 'present', 'absent', 'failed', 'excluded', 'not-applicable')), -- what there is
    next_try_at text, -- when it is asked for again; null: not before something changes, or the audit
    anchor_at text, -- from when the recheck schedule counts: the end, the change or the hint
    tries integer not null default 0, -- how often in a row the same short transcript came
    failures integer not null default 0, -- attempts in a row that brought no usable answer
    reason text not null default '', -- why it is in this state, in words
    digest text, -- of the document that was last received
    checked_at text, -- when the server was last asked and answered
    primary key (conversation_id, kind)
) strict, without rowid;
create index holdings_due on holdings (next_try_at) where next_try_at is not null; -- what a run still owes

-- Operational facts about a conversation that are no news to a reader.
create table sightings (
    conversation_id text primary key not null references conversations (id), -- the conversation
    listing_digest text not null, -- digest of the list's row as last seen
    missed_sweeps integer not null default 0, -- complete sweeps in a row without it
    suspect integer not null default 0 -- 1 where a webhook said that it was deleted
) strict, without rowid;

-- The sweep that is under way, if it did not end within a run: at most one row.
create table sweep (
    id integer primary key check (id = 1), -- always 1
    started_at text not null, -- when it began
    next_offset integer not null, -- rows received so far in this pass
    pass integer not null, -- 1, and up to two repeats
    least integer, -- the list's length when this pass began
    total integer, -- the list's length as last told
    steady integer not null -- 1 while `total` has not fallen in this pass
) strict;

-- The ids that the unfinished sweep has seen.
create table sweep_seen (
    pass integer not null, -- the pass that saw it
    conversation_id text not null, -- the id, also of rows that could not be stored
    primary key (pass, conversation_id)
) strict, without rowid;

-- The hour's allowance as last read, at most one row.
create table budget (
    id integer primary key check (id = 1), -- always 1
    hourly_limit integer, -- requests an hour; null until the server said it
    remaining integer, -- requests left at `read_at`
    reset_at text, -- when the hour frees, on this machine's clock
    read_at text, -- when the server last said so
    sent_since integer not null, -- requests sent, or about to be, since then
    asked_at text, -- when a request last asked after `reset_at` had passed
    sent_by_minute text not null, -- JSON: requests of the last hour, as [minute since 1970, count]
    ahead_seconds real -- how far the server's clock was ahead of this machine's; null until an answer told
) strict;

-- Every sync, as it ended.
create table runs (
    id integer primary key, -- 1, 2, 3 …
    command text not null, -- what started it: sync, daemon, demo
    started_at text not null, -- this machine's clock
    finished_at text, -- null: it runs, or was killed
    outcome text check (outcome in ('complete', 'parked', 'failed')), -- null: it runs, or was killed
    listing text check (listing in ('complete', 'partial', 'none')), -- how much of the list it saw
    swept integer not null default 0, -- 1 where the listing was a sweep, without `since`
    requests integer not null default 0, -- requests sent
    credits integer not null default 0, -- AI credits spent
    resume_at text, -- when a parked run goes on
    listed integer not null default 0, -- conversations in the list
    new integer not null default 0, -- conversations first seen
    changed_rows integer not null default 0, -- conversations whose row in the list differed
    gone integer not null default 0, -- conversations marked as deleted
    fetched integer not null default 0, -- documents received that are new or differ
    unchanged integer not null default 0, -- documents received that are as before
    absent integer not null default 0, -- asked for, and the server has none
    pending integer not null default 0, -- asked for, and not there yet
    failed integer not null default 0, -- asked for, and no usable answer came
    error_code text, -- what ended a failed run, as one word
    error_message text, -- the same as a sentence
    error_next text -- what to do about it
) strict;

-- The account this archive belongs to, as the profile last described it: at most one row.
create table account (
    id integer primary key check (id = 1), -- always 1
    email text not null, -- which account it is
    name text not null, -- the owner's name
    tier text not null, -- starter, professional, enterprise
    timezone text not null, -- the owner's time zone
    language text, -- the owner's language
    picture_url text, -- the owner's picture
    created_at text, -- when the account was made
    subscription_status text, -- active, or what else Convo says of the plan
    period_end text, -- when the paid period ends
    credits_used integer, -- AI generations of this month
    credits_limit integer, -- AI generations a month; null where unlimited
    credits_remaining integer, -- AI generations left, as the server counts; null where unlimited
    credits_reset_at text, -- when the month turns
    read_at text not null, -- when the profile was read
    changed integer not null -- number of the transaction that last changed this row
) strict;

-- A month of the account's AI credits, as this archive saw it begin: the server's reset moved forward, its counter fell.
create table credit_periods (
    number integer primary key, -- 1, 2, 3 … in order
    began_at text not null, -- when its first reading was made
    resets_at text, -- when it ends, as the server said when it began
    cap_warned_at text, -- when its owner was told that most of monthly_cap is spent; null: not yet
    low_warned_at text, -- when its owner was told that the account's allowance runs low; null: not yet
    changed integer not null -- number of the transaction that last changed this row
) strict;

-- The server's counter of AI credits, each time it was read.
create table credit_readings (
    id integer primary key, -- 1, 2, 3 … in order
    period integer not null references credit_periods (number), -- the month it belongs to
    read_at text not null, -- when, by the server's clock
    used integer, -- credits used this month, other tools' included; null where the server did not say
    allowance integer, -- credits a month; null where unlimited or not said
    remaining integer, -- credits left, as the server counts; null where unlimited or not said
    resets_at text, -- when the month ends
    changed integer not null -- number of the transaction that stored it
) strict;

-- The ledger: every AI credit that was to be spent, and what became of it. A line is committed before its request leaves.
create table ledger (
    id integer primary key, -- 1, 2, 3 … in order
    conversation_id text not null, -- the meeting
    kind text not null check (kind in ('keypoints', 'feedback', 'answer', 'email')), -- what was to be made
    rule text, -- the rule of config.toml that wanted it; null: a person asked for it by hand
    reason text not null, -- why, in words; `forgotten` where the meeting is
    request text, -- JSON: the question of an answer; whom an e-mail is for, and its tone; null where that is forgotten
    forced integer not null, -- 1 where a new one was to be made even if the server had one
    state text not null check (state in ('reserved', 'spent', 'free', 'refused', 'unknown')), -- how far it came
    credits integer not null, -- what it counts: 1 while it is reserved, spent or unknown, else 0
    evidence text not null, -- what showed that it was spent, free or refused, in words
    reserved_at text not null, -- when it was committed, by the server's clock, before its request
    unknown_at text, -- when nobody waited for its answer any more; null where one came
    settled_at text, -- when its state became certain; null while it is reserved or unknown
    period integer not null references credit_periods (number), -- the month in which it was reserved
    last_period integer, -- the last month that its charge may lie in; null while that is open
    reading_id integer not null references credit_readings (id), -- the server's counter right before it
    document_digest text, -- of the document that was held before; null where there was none
    transcript_digest text, -- of the transcript that was held then
    item text, -- which answer or e-mail came; null where none did
    digest text, -- of the document that came; null where none did
    changed integer not null -- number of the transaction that last changed this row
) strict;
create index ledger_changed on ledger (changed); -- the change feed

-- Replies that were paid for, as received, until they are read; what cannot be read stays. Internal.
create table _replies (
    ledger_id integer primary key references ledger (id), -- whose reply it is
    body blob not null, -- as received
    received_at text not null -- when
) strict;

-- What is indexed of a turn where that is not its text: scripts without spaces, and emoji. Internal.
create table _segment_forms (
    id integer primary key, -- the turn's
    text text not null -- as indexed
) strict;

-- A transcript without its words: what the search needs to know of it before it reads any. Internal.
create table _outlines (
    number integer primary key references conversations (number), -- the conversation
    turns integer not null, -- how many there are
    words integer not null, -- how many there are
    lengths blob not null, -- words of the turn at each position: 16 bits each, little-endian, 65535 for more
    voices blob not null, -- who speaks at each position: a number in `speakers`, 16 bits each, little-endian
    speakers text not null -- JSON array of names; the first is nobody
) strict;
create index _outlines_facts on _outlines (turns, words, speakers); -- how much there is and who speaks, without reading it

-- What the search finds beside the segments, one text a row. Internal.
create table _notes (
    id integer primary key, -- key of the index below
    conversation_id text not null references conversations (id), -- the meeting
    source text not null, -- the kind of document it comes from
    item text not null, -- which of several such documents
    kind text not null, -- title, keypoints, decision, action_item, feedback, email, answer: as a hit is labelled
    position integer not null, -- 0-based, among its kind
    text text not null, -- what is shown
    form text, -- what is indexed, where that is not the text
    unique (conversation_id, source, item, kind, position)
) strict;

-- Each turn as it is indexed. Internal.
create view _segment_texts as
select s.id, coalesce(f.text, s.text) as text
from segments s
left join _segment_forms f on f.id = s.id;

-- Each transcript as it is indexed: its turns in one text. Internal.
create view _transcript_texts as
select
    o.number as id,
    (
        select group_concat(text, ' ')
        from (
            select t.text
            from _segment_texts t
            where t.id between o.number * 16777216 and o.number * 16777216 + 16777215
            order by t.id
        )
    ) as text
from _outlines o;

-- Each note as it is indexed. Internal.
create view _note_texts as
select id, coalesce(form, text) as text
from _notes;

-- Full-text index of the segments, for passages, phrases and words that stand together. Internal.
create virtual table segments_fts using fts5 (
    text, content="_segment_texts", content_rowid="id",
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

-- Full-text index of whole transcripts, for what a conversation is about. Internal.
create virtual table transcripts_fts using fts5 (
    text, content="_transcript_texts", content_rowid="id",
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

-- Full-text index of titles, key points, decisions, action items, feedback, e-mails and answers. Internal.
create virtual table notes_fts using fts5 (
    text, content="_note_texts", content_rowid="id",
    tokenize="porter unicode61 remove_diacritics 2 categories 'L* N* Co So'"
);

-- One row a conversation, with all that matters about it: the table to begin a report with.
create view meetings as
select
    c.id, -- the API's id
    c.title, -- as listed
    c.start_time, -- when it began
    c.end_time, -- when it ended
    c.minutes, -- its length, in minutes
    substr(c.start_time, 1, 10) as day, -- the day it began, UTC
    (select count(*) from segments s where s.conversation_id = c.id) as segments, -- turns archived
    (select count(distinct s.speaker) from segments s where s.conversation_id = c.id) as speakers, -- people who spoke
    (select count(*) from decisions d where d.conversation_id = c.id) as decisions, -- decisions noted
    (select count(*) from action_items a where a.conversation_id = c.id) as action_items, -- action items noted
    f.overall_score, -- 0 to 10, from the feedback
    f.talk_listen_ratio, -- 0 to 1, from the feedback
    (select state from holdings h where h.conversation_id = c.id and h.kind = 'transcript') as transcript, -- its state
    (select state from holdings h where h.conversation_id = c.id and h.kind = 'keypoints') as keypoints, -- their state
    (select state from holdings h where h.conversation_id = c.id and h.kind = 'feedback') as feedback, -- its state
    c.gone_at -- when the server was found to have deleted it
from conversations c
left join feedback f on f.conversation_id = c.id;

-- How many words a turn has. Where letters run on for more than twelve to a word the script has no spaces: then two
-- characters count as a word. Internal.
create view _turns as
select
    conversation_id, -- the meeting
    position, -- 0-based place in the transcript
    speaker, -- who spoke
    timestamp, -- when the turn began
    case
        when said = '' then 0
        when length(said) > 12 * (length(said) - length(replace(said, ' ', '')) + 1) then length(said) / 2
        else length(said) - length(replace(said, ' ', '')) + 1
    end as words -- of the turn
from (
    select
        conversation_id, position, speaker, timestamp, trim(replace(replace(text, char(10), ' '), char(9), ' ')) as said
    from segments
);

-- Who spoke how much: one row a speaker and conversation. A turn lasts until the next one begins, yet no longer than its
-- words take at 60 words a minute, so that a pause is nobody's speech.
create view speaking_time as -- without window functions: SQLite carries a `where conversation_id = …` into it
select
    conversation_id, -- the meeting
    coalesce(speaker, 'unknown') as speaker, -- who
    count(*) as turns, -- how often
    sum(words) as words, -- how many words
    round(sum(min(coalesce(until_next, words * 0.4), words * 1.0)), 1) as seconds, -- how long
    round(1.0 * sum(words) / (
        select sum(a.words) from _turns a where a.conversation_id = turn.conversation_id
    ), 4) as share -- of the meeting's words, 0 to 1
from (
    select
        t.conversation_id,
        t.speaker,
        t.words,
        max(0, (julianday((
            select n.timestamp
            from segments n
            where n.conversation_id = t.conversation_id and n.position > t.position
            order by n.position
            limit 1
        )) - julianday(t.timestamp)) * 86400) as until_next
    from _turns t
) turn
group by conversation_id, coalesce(speaker, 'unknown');

-- Every decision with its meeting.
create view meeting_decisions as
select
    d.conversation_id, -- the meeting
    c.title, -- its title
    c.start_time, -- when it began
    d.position, -- 0-based, in the order received
    d.text -- the decision
from decisions d
join conversations c on c.id = d.conversation_id;

-- Every action item with its meeting.
create view meeting_action_items as
select
    a.conversation_id, -- the meeting
    c.title, -- its title
    c.start_time, -- when it began
    a.position, -- 0-based, in the order received
    a.text, -- what is to be done
    a.owner, -- who is to do it
    a.priority, -- high, medium or low
    a.confidence, -- 0 to 1
    p.number, -- its number for good, as `actions` shows it
    p.done_at -- when it was marked as done; null while it is open
from action_items a
join conversations c on c.id = a.conversation_id
left join promises p on p.conversation_id = a.conversation_id and p.text = a.text and p.nth = (
    select count(*)
    from action_items e
    where e.conversation_id = a.conversation_id and e.position < a.position and e.text = a.text
);

-- The scores of the feedback over time, one row a meeting.
create view scores as
select
    c.start_time, -- when the meeting began
    f.conversation_id, -- the meeting
    c.title, -- its title
    f.overall_score, -- 0 to 10
    f.clarity, -- 0 to 10
    f.listening, -- 0 to 10
    f.time_management, -- 0 to 10
    f.collaboration, -- 0 to 10
    f.decision_making, -- 0 to 10
    f.talk_listen_ratio -- 0 to 1
from feedback f
join conversations c on c.id = f.conversation_id;

-- AI credits by month and by what spent them: one row a month, rule (or hand) and kind.
create view credit_use as
select
    l.period, -- number of the month
    p.began_at, -- when it was first seen
    p.resets_at, -- when it ends
    coalesce(l.rule, 'by hand') as spender, -- the rule of config.toml, or by hand
    l.kind, -- keypoints, feedback, answer, email
    sum(l.credits) as credits, -- spent, or perhaps spent
    sum(l.state = 'spent') as spent, -- certainly spent, or taken for spent
    sum(l.state in ('reserved', 'unknown')) as unknown, -- whose outcome is not known yet
    sum(l.state = 'free') as free, -- that the server had already, and gave for nothing
    sum(l.state = 'refused') as refused -- that cost nothing
from ledger l
join credit_periods p on p.number = l.period
group by l.period, coalesce(l.rule, 'by hand'), l.kind;
