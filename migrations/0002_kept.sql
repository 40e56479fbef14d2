-- What touchtone alone knows of calls and rooms that are there: it has a meaning in one life of the engine (run), as long
-- as the channel or the room is there. Nothing that was keyed is in it but the names of rooms, and no PIN.
--
-- Roles, states and codes are named, because the configuration may be another one when they are read again.

CREATE TABLE kept_channels (
    run TEXT NOT NULL,
    channel TEXT NOT NULL,
    -- The role that routing gave, and the room that it was given on the way to.
    role TEXT,
    role_for TEXT,
    -- The room whose PIN was keyed there, or that they were called into.
    proven_room TEXT,
    proven_organizer BOOLEAN NOT NULL,
    -- Whether the engine called this party.
    is_outgoing BOOLEAN NOT NULL,
    username TEXT NOT NULL,
    -- The state that a code set, and the state that the engine had led to then.
    state TEXT,
    state_in TEXT,
    -- What is wanted before they are let in: room, pin or organizer.
    wanted TEXT,
    wanted_room TEXT NOT NULL,
    tries INTEGER NOT NULL,
    is_put_aside BOOLEAN NOT NULL,
    -- The code by which they wanted to join, and whether with the other party of their call.
    code TEXT,
    with_peer BOOLEAN,
    -- Who wants that call, if it is one of ours to somebody.
    inviter TEXT,
    PRIMARY KEY (run, channel)
);

CREATE TABLE kept_rooms (
    run TEXT NOT NULL,
    room TEXT NOT NULL,
    is_locked BOOLEAN NOT NULL,
    open_since TEXT,
    -- The highest seat that was given.
    highest INTEGER NOT NULL,
    PRIMARY KEY (run, room)
);

CREATE TABLE kept_seats (
    run TEXT NOT NULL,
    room TEXT NOT NULL,
    number INTEGER NOT NULL,
    leg TEXT NOT NULL,
    channel TEXT NOT NULL,
    PRIMARY KEY (run, room, number),
    FOREIGN KEY (run, room) REFERENCES kept_rooms (run, room) ON DELETE CASCADE
);
