"""What must be right from the first INVITE to the answer, or to giving up; only data."""

from correctness_rows import core, media, row, sip, wire

TIMERS = (
    row(
        "An INVITE over UDP is repeated after 0.5 s, then each time after twice as long, until the first "
        "provisional response.",
        sip("giving_up", "an_unanswered_invite_is_resent_doubling_and_given_up_after_32_seconds"),
        sip("caller", "the_first_provisional_stops_resending_and_giving_up"),
        wire("silent", "answers_third_invite"),
    ),
    row(
        "An INVITE that nobody answers at all is given up after 32 s; once anything came, our own ring "
        "limit counts.",
        sip("giving_up", "an_unanswered_invite_is_resent_doubling_and_given_up_after_32_seconds"),
        sip("giving_up", "a_call_forgotten_by_its_owner_does_not_ring_for_ever"),
        wire("silent", "silent_cancelled"),
    ),
    row(
        "A refused INVITE absorbs repeated refusals for 32 s over UDP, and not at all over a connection.",
        sip("caller", "a_rejection_after_32_seconds_of_silence_is_a_stray"),
        sip("transports", "a_rejection_is_acknowledged_once_and_a_late_answer_still_released"),
        wire("refusal_repeated"),
    ),
    row(
        "Every other request is repeated with a pause of at most 4 s, slowly once it is being worked on, "
        "and given up after 32 s.",
        sip("established", "a_bye_is_resent_until_it_is_answered_or_given_up"),
        sip("established", "a_bye_after_a_provisional_answer_is_resent_slowly"),
        sip("strangers", "a_probe_nobody_answers_tells_so_after_32_seconds"),
        wire("hang_up_unheard", "cancel_unheard"),
    ),
    row(
        "Our refusal of an incoming call is repeated until its ACK, given up after 32 s, and absorbs "
        "further ACKs for 5 s.",
        sip("callee", "a_rejection_is_resent_until_its_ack_and_no_longer"),
        sip("callee", "a_rejection_nobody_acknowledges_is_given_up"),
        sip("transaction", "a_confirmed_rejection_absorbs_acks_for_five_seconds"),
    ),
    row(
        "A repeated request gets the same answer again for 32 s and is carried out once.",
        sip("strangers", "a_repeated_request_is_answered_again_for_32_seconds"),
        wire("hang_up_repeated"),
    ),
    row(
        "An INVITE stays open for further answers for 32 s after the first one.",
        sip("caller", "a_second_answer_with_another_tag_is_acknowledged_and_released"),
        sip("caller", "an_answer_after_a_rejection_is_released"),
        wire("forks_both_answer", "answers_after_refusal"),
    ),
    row(
        "Our own answer is repeated by the user agent, over every transport, until it is acknowledged.",
        sip("callee", "an_answer_is_resent_until_its_ack"),
        sip("callee", "an_answer_nobody_acknowledges_ends_the_call"),
        sip("transports", "a_2xx_is_sent_again_over_every_transport_until_it_is_acknowledged"),
    ),
    row(
        "Over a connection nothing but an answer is sent twice.",
        sip("transports", "over_a_connection_no_other_request_is_sent_twice"),
        sip("transports", "over_a_connection_our_rejection_is_sent_once"),
        wire("tcp_answers", "tcp_refuses", "tcp_silent_then_rings"),
    ),
    row(
        "Time is an argument, each machine ends once, and one deadline is armed at a time.",
        sip("transaction", "each_machine_ends_once_and_in_its_time"),
        sip("identity", "timers_of_one_owner_fire_in_order_and_only_once"),
    ),
)

ACKS = (
    row(
        "The ACK of an answer is a transaction of its own with the INVITE's number, along the route.",
        sip("caller", "an_answer_is_acknowledged_along_its_route_in_a_new_transaction"),
        wire("answers", "answers_unannounced", "answers_after_trying", "routes_loose"),
    ),
    row(
        "The ACK of a refusal has the INVITE's branch and goes where the INVITE went.",
        sip("caller", "a_rejection_is_acknowledged_with_the_invites_branch_each_time_it_comes"),
        wire("refuses", "refuses_ringing"),
    ),
    row(
        "Each repetition of an answer or a refusal is acknowledged again, and told once.",
        sip("caller", "a_repeated_answer_is_acknowledged_again_and_told_once"),
        wire("answer_repeated", "answer_repeated_late", "refusal_repeated"),
    ),
    row("An ACK is never answered.", sip("established", "an_ack_is_never_answered")),
    row(
        "Where the answer brought the offer, its ACK brings the answer to it.",
        sip("early", "an_offer_in_the_answer_is_answered_in_its_ack"),
        sip("session", "a_change_without_an_offer_is_answered_in_the_ack"),
    ),
)

DIALOGS = (
    row(
        "A request in a call goes to the Contact said last.",
        sip("caller", "requests_go_to_the_contact_or_where_the_call_was_placed"),
        sip("established", "the_target_follows_the_last_contact"),
        wire("contact", "contact_moves"),
    ),
    row(
        "The route is the answer's Record-Route in reverse; loose and strict routers are told apart.",
        sip("caller", "a_strict_router_finds_itself_in_the_request_uri"),
        sip("fields", "a_router_without_lr_is_strict"),
        sip("transports", "routes_loose_and_strict_are_kept_over_a_connection"),
        wire("routes_loose", "routes_several", "routes_strict"),
    ),
    row(
        "A branch begins with the cookie, is used for one transaction and asks for rport.",
        sip("identity", "a_branch_of_the_moment_bears_the_cookie"),
        sip("caller", "an_invite_says_all_an_invite_must"),
        sip("strangers", "a_response_goes_back_as_it_came"),
    ),
    row(
        "What a response says of our address is kept: behind a NAT it is how we are seen.",
        sip("caller", "the_address_a_peer_saw_is_kept"),
        sip("registration", "an_address_translated_on_the_way_is_noticed"),
    ),
    row(
        "Max-Forwards is set and obeyed; Via and Contact show the advertised address.",
        sip("caller", "an_invite_says_all_an_invite_must"),
        sip("caller", "the_advertised_address_is_what_peers_see"),
        sip("strangers", "a_stranger_gets_a_sensible_answer"),
    ),
    row(
        "481, 408 or silence in a call end it.",
        sip("session", "a_far_side_that_knows_no_such_call_is_left"),
        sip("session", "a_change_nobody_answers_ends_the_call"),
        wire("hang_up_481"),
    ),
    row(
        "Retry-After keeps a trunk still for exactly that long, and its return is spread.",
        sip("evidence", "a_retry_after_is_read_around_its_comments"),
        core("trunk", "a_wait_that_was_asked_for_is_kept_to_the_second"),
        core("trunk", "the_return_after_a_wait_is_spread"),
        wire("overloaded"),
    ),
    row(
        "A challenge is answered once, in a new transaction of the same call, with nonces counted.",
        sip("giving_up", "a_challenge_is_answered_in_a_new_transaction_of_the_same_call"),
        sip("auth", "each_nonce_counts_one_by_one_whatever_is_asked"),
        wire("challenges", "challenges_twice", "hang_up_challenged"),
    ),
    row(
        "The strongest algorithm is answered; MD5 only where the trunk allows it, with the reason said.",
        sip("auth", "the_strongest_of_several_challenges_is_answered"),
        sip("auth", "md5_alone_is_refused_unless_it_is_allowed_and_the_reason_says_what_to_do"),
        wire(
            "challenges_strongest", "challenge_weak", "challenge_weak_allowed", "challenge_unknown"
        ),
    ),
    row(
        "A stale nonce is replaced; a refused password and an endless challenge end the call.",
        sip("auth", "a_second_challenge_is_answered_only_when_the_nonce_was_stale"),
        sip("giving_up", "a_peer_that_challenges_for_ever_is_left_after_six_invites"),
        wire("challenge_stale", "challenge_refused", "challenge_endless"),
    ),
    row(
        "A foreign realm gets no digest, and a trunk without a password answers nothing.",
        sip("auth", "a_foreign_realm_is_never_answered", "without_an_account_nothing_is_answered"),
        wire("challenge_foreign", "challenge_nobody"),
    ),
    row(
        "A redirection is reported; followed only where the trunk allows it, to the same number at home.",
        sip("redirect", "by_default_nothing_is_followed"),
        sip("redirect", "only_the_same_number_on_the_same_host_is_followed"),
        wire("moved", "moved_many"),
    ),
    row(
        "Every outcome brings code, phrase, all reasons, warning and each provisional with its time.",
        sip("evidence", "a_rejection_carries_all_it_said"),
        sip("evidence", "every_provisional_is_kept_with_its_time_phrase_and_tag"),
        wire("refuses", "absent", "refusal_without_phrase"),
    ),
    row(
        "A hang-up ends a call once, whoever comes first, before its ACK or behind it.",
        sip("established", "byes_that_cross_are_both_answered_and_ours_counts"),
        sip("established", "the_far_sides_bye_is_answered_each_time_and_told_once"),
        sip("callee", "a_callees_bye_waits_for_the_ack"),
        wire("hangs_up", "hangs_up_with_reason", "hangs_up_at_once", "hang_up_twice"),
        wire("byes_crossing", "tcp_hangs_up"),
    ),
)

CANCELS = (
    row(
        "CANCEL waits for a provisional response; the wish is kept until then.",
        sip("giving_up", "cancel_waits_for_a_provisional"),
        wire("cancel_before_ringing", "cancel_refused_meanwhile", "tries_forever"),
    ),
    row(
        "CANCEL bears the INVITE's branch, number, Call-ID and request line, and no To-tag.",
        sip("two_agents", "each_cancel_wears_the_branch_of_its_invite_and_follows_a_provisional"),
        sip("giving_up", "a_cancel_after_a_challenge_names_the_second_invite"),
        wire("rings_forever", "tcp_cancelled"),
    ),
    row(
        "What CANCEL is answered ends nothing: the INVITE's own final response does, whatever it is.",
        sip(
            "giving_up", "a_cancelled_call_ends_with_487_and_never_looks_like_the_callees_decision"
        ),
        wire("cancel_unknown", "cancel_ends_otherwise", "cancel_ends_late"),
    ),
    row(
        "An answer that crosses CANCEL was an answer: ACK, then BYE, and it counts.",
        sip("giving_up", "an_answer_that_crosses_the_cancel_is_acknowledged_and_ended"),
        sip("giving_up", "an_answer_before_any_provisional_ends_a_call_given_up"),
        wire("cancel_crossed_by_answer", "cancel_answered_first", "cancel_answered_meanwhile"),
        wire("cancel_answered_late", "tcp_crossed"),
    ),
    row(
        "A cancelled call without a final response is given up after 32 s; a late answer is released.",
        sip("giving_up", "after_a_cancel_without_a_final_response_a_late_answer_is_released"),
        wire("cancel_without_end"),
    ),
    row(
        "Our own ring limit is told as our decision, not as the callee's.",
        sip(
            "giving_up", "a_cancelled_call_ends_with_487_and_never_looks_like_the_callees_decision"
        ),
        wire("rings_forever"),
    ),
)

PROVISIONALS = (
    row(
        "100 says nothing but that somebody works on it; every other 1xx is told, known or not.",
        sip("caller", "every_provisional_above_100_is_told_with_what_it_brings"),
        wire("forwarded_and_queued", "trying_late", "rings_untagged", "rings_repeatedly"),
    ),
    row(
        "Each To-tag is an early dialog with its own route, session and reliable numbers.",
        sip("caller", "a_reliable_provisional_is_acknowledged_once_in_its_own_dialog"),
        sip("caller", "a_flood_of_early_dialogs_is_bounded"),
        wire("forks_one_answers", "forks_many", "reliable_forks"),
    ),
    row(
        "The first answer is the call; any other is acknowledged and hung up on.",
        sip("caller", "a_second_answer_with_another_tag_is_acknowledged_and_released"),
        sip("caller", "a_flood_of_answers_is_bounded"),
        wire("forks_both_answer", "refuses_after_answer", "rings_after_answer"),
    ),
    row(
        "199 ends one early dialog and not the call.",
        sip("early", "a_199_ends_one_early_dialog_and_not_the_call"),
        wire("forks_199"),
    ),
    row(
        "Sound before the answer is listened to and kept as evidence; it is no answer.",
        media("early", "tones_are_told_by_pitch_and_rhythm", "the_most_telling_of_all_is_kept"),
        wire("announces"),
    ),
    row(
        "180 behind 183 keeps the early sound; a second 183 may move it.",
        sip("caller", "an_answer_without_a_session_has_the_early_one"),
        wire(
            "rings_after_sound", "sound_after_ringing", "sound_changes", "answer_after_early_sound"
        ),
    ),
    row(
        "When each provisional response came is kept, for the delay after dialling and the ring time.",
        sip("evidence", "every_provisional_is_kept_with_its_time_phrase_and_tag"),
        wire("refuses_ringing"),
    ),
)

RELIABLE = (
    row(
        "PRACK is sent where 100rel is required, in that early dialog, with its three numbers.",
        sip("caller", "a_reliable_provisional_is_acknowledged_once_in_its_own_dialog"),
        sip("caller", "a_provisional_that_asks_for_nothing_reliable_gets_no_prack"),
        wire("reliable_ringing", "reliable_several", "tcp_reliable"),
    ),
    row(
        "A repeated reliable response, and one behind a gap, gets no PRACK.",
        sip("caller", "a_reliable_provisional_is_acknowledged_once_in_its_own_dialog"),
        wire("reliable_repeated", "reliable_out_of_order"),
    ),
    row(
        "A PRACK nobody knows gives that early dialog up; another refusal changes nothing.",
        sip("early", "a_prack_the_far_side_knows_no_call_for_gives_the_call_up"),
        sip("early", "a_refused_prack_changes_nothing_else"),
        wire("reliable_unknown", "reliable_refused", "reliable_cancelled"),
    ),
    row(
        "An offer in a reliable response is answered in its PRACK, one in a PRACK in its 200.",
        sip("early", "an_offer_in_a_reliable_response_is_answered_in_its_prack"),
        sip("early", "an_offer_in_a_prack_is_answered_in_its_200"),
        wire("reliable_answer"),
    ),
    row(
        "As a callee we repeat a reliable response until its PRACK, and give up after 32 s.",
        sip("early", "a_reliable_response_says_so_and_is_resent_until_its_prack"),
        sip("early", "a_reliable_response_nobody_acknowledges_ends_the_call"),
    ),
    row(
        "UPDATE changes a session before and after the answer, where no offer is open.",
        sip("early", "an_update_after_the_reliable_answer_changes_the_early_session"),
        sip("early", "an_update_before_our_offer_is_answered_gets_491"),
        wire("update_early", "update_holds", "update_without_session"),
    ),
)
