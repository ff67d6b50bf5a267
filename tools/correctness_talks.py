"""What must be right in a talk, in its sound, in reading messages and on the way; only data."""

from correctness_rows import core, engine, media, names_of_trunks, row, sip, wire

CHANGES = (
    row(
        "Hold in its three forms is answered with the opposite direction, told, and taken back.",
        sip("session", "each_form_of_hold_is_told_with_its_direction"),
        sip("sdp", "the_old_way_to_hold_is_understood"),
        wire("holds_sendonly", "holds_inactive", "holds_by_address"),
    ),
    row(
        "A re-INVITE without a session gets our offer and brings its answer in the ACK.",
        sip("established", "a_reinvite_without_a_session_gets_our_offer_and_answers_in_the_ack"),
        wire("reoffers_without_session"),
    ),
    row(
        "Two changes that cross get 491 each; who owns the Call-ID waits 2.1-4 s, the other 0-2 s.",
        sip("session", "an_offer_that_crosses_ours_gets_491"),
        sip("session", "the_owner_of_the_call_id_waits_longer_than_the_other"),
        sip("session", "who_was_called_waits_for_two_seconds_at_most"),
        wire("glare"),
    ),
    row(
        "A change that comes while another is open is put off with 491 or 500.",
        sip("established", "a_second_offer_waits_for_the_ack_of_the_first"),
        sip("established", "a_request_overtaken_by_a_later_one_is_refused"),
        wire("asks_out_of_order"),
    ),
    row(
        "A change that is refused leaves the session as it was.",
        sip("session", "a_refused_change_leaves_the_session_as_it_was"),
        sip("established", "a_session_we_cannot_follow_is_refused_and_the_call_goes_on"),
        wire("reoffers_nonsense"),
    ),
    row(
        "The version in o= grows by one with each change and by nothing else.",
        sip("offers", "the_version_grows_by_one_with_each_change_and_never_otherwise"),
        sip("sdp", "an_unchanged_offer_in_mid_call_keeps_the_version"),
        wire("reoffers"),
    ),
    row(
        "422 is tried again with the larger interval, within bounds.",
        sip("session_timer", "a_session_called_too_short_is_asked_for_with_the_larger_value"),
        sip("session_timer", "a_least_value_that_always_grows_is_left_in_the_end"),
        wire("interval_too_small"),
    ),
    row(
        "A session is refreshed at half its time by whoever has to, by UPDATE or else by re-INVITE.",
        sip("session_timer", "our_refresh_leaves_at_half_time_again_and_again"),
        sip("session_timer", "a_far_side_without_update_is_refreshed_by_the_session_unchanged"),
        wire("wants_refreshing", "wants_refreshing_by_invite", "refreshes_itself"),
    ),
    row(
        "A refresher that falls silent, or a refresh that fails, ends the call with BYE before its time.",
        sip("session_timer", "a_lost_refresher_ends_the_call_with_a_reason"),
        sip("session_timer", "a_refresh_nobody_answers_ends_the_call_before_the_session_does"),
        wire("refresher_lost"),
    ),
    row(
        "REFER dials nobody by itself; Replaces finds its call or gets 481; NOTIFY tells how it goes.",
        sip("transfer", "by_default_nobody_can_be_transferred"),
        sip("transfer", "a_wish_to_transfer_is_told_and_dials_nothing"),
        sip("transfer", "an_accepted_transfer_is_told_how_it_goes"),
        sip("transfer", "a_call_that_replaces_a_talk_is_told_with_the_leg_it_replaces"),
        wire("refers"),
    ),
    row(
        "OPTIONS is answered, and probes trunks; unknown methods get 405 with Allow; INFO brings digits.",
        sip("strangers", "an_options_probe_tells_what_came_back"),
        sip("established", "other_requests_get_a_sensible_answer"),
        sip("info", "a_digit_in_a_talk_is_told_and_answered"),
        engine("trunks", "a_trunk_is_probed_when_it_is_told_and_every_so_often"),
        wire("asks_inside", "asks_needing_more"),
    ),
)

OFFERS = (
    row(
        "Payload numbers come from the description, telephone-event too; 0 and 8 need no rtpmap.",
        sip("sdp", "a_renumbered_codec_is_found_by_its_name", "static_payloads_need_no_rtpmap"),
        sip("sdp", "the_offerers_order_and_payload_numbers_are_kept"),
        wire("answer_with_lines_refused"),
    ),
    row(
        "An answer has one line for each offered line, refused ones with port 0.",
        sip("sdp", "an_answer_has_one_line_for_each_offered_line"),
        sip("sdp", "a_second_audio_line_is_refused_and_a_refused_one_skipped"),
    ),
    row(
        "A call without a common codec is not left in silence.",
        sip("sdp", "an_offer_without_a_common_codec_is_refused"),
        wire("answer_with_foreign_codec", "answer_without_sound"),
    ),
    row(
        "Packets of 10 to 60 ms are taken and cut as the far side asks.",
        sip("sdp", "packets_are_cut_as_the_far_side_asks_from_10_to_60_ms"),
        media("stream", "the_far_side_gets_packets_of_the_length_it_asked_for"),
        media("jitter", "every_packet_time_comes_out_as_twenty_milliseconds"),
    ),
    row(
        "RTCP goes where the far side says, and shares a port only where both say so.",
        sip(
            "sdp", "reports_go_where_the_far_side_says", "reports_are_muxed_only_where_both_say_so"
        ),
    ),
    row(
        "Session-level and media-level addresses, and those of IPv6, are read and written.",
        sip("sdp", "session_level_lines_hold_where_the_media_says_nothing"),
        sip("sdp", "an_ipv6_address_is_written_as_one"),
    ),
    row(
        "Another port, address or source in mid-call is followed.",
        media("rtp", "a_new_source_is_heard_once_the_old_one_is_silent"),
        media("jitter", "a_new_source_starts_anew_at_once"),
        sip("session", "another_offer_replaces_the_session_whole"),
        wire("reoffers"),
    ),
)

PARSING = (
    row(
        "Names and values of URI parameters compare without case.",
        sip("message", "parameter_names_are_compared_without_case"),
        sip("transports", "a_uri_says_over_what_it_is_reached"),
        wire("contact", "writes_odd_case"),
    ),
    row(
        "Short names, folded lines, spaces before the colon and several values on a line are read.",
        sip("message", "a_folded_header_is_joined", "compact_names_are_read_in_either_case"),
        sip("message", "a_space_before_the_colon_does_not_hide_a_header"),
        sip("message", "lists_are_taken_apart_outside_of_quotes"),
        wire("writes_compact", "writes_folded", "writes_odd_case"),
    ),
    row(
        "Quoted names may hold commas, semicolons and escapes.",
        sip("fields", "a_name_in_quotes_may_hold_anything", "quoting_is_undone_exactly"),
        wire("contact"),
    ),
    row(
        "Bytes that are not UTF-8 lose nothing.",
        sip("message", "a_display_name_in_another_code_page_does_not_lose_the_message"),
        wire("writes_not_utf8"),
    ),
    row(
        "A stream is framed by Content-Length: many messages in a read, a message in many reads.",
        sip("stream", "several_messages_in_one_read_come_out_in_order"),
        sip("stream", "a_message_cut_at_any_byte_comes_out_whole"),
        engine("stream_doors", "a_request_split_at_every_byte_is_answered_on_its_connection"),
    ),
    row(
        "A request too large for UDP goes by TCP where the peer takes it.",
        sip("transports", "a_large_request_goes_by_tcp_with_all_that_belongs_to_it"),
        sip("transports", "a_peer_without_tcp_gets_its_large_requests_by_udp"),
    ),
    row(
        "Headers, lines, bodies and whole messages are bounded; smallest and largest ones are read.",
        sip("message", "a_datagram_beyond_the_bound_is_refused", "what_cannot_be_used_is_refused"),
        sip("stream", "a_header_without_an_end_is_given_up_at_its_bound"),
        wire("writes_huge", "writes_minimal", "writes_too_many", "writes_long_body"),
    ),
    row(
        "No text from outside breaks out of its line, on the wire or in a log.",
        sip("message", "a_value_cannot_break_out_of_its_line"),
        sip("caller", "nothing_is_sent_where_a_text_could_write_more_than_its_value"),
    ),
    row(
        "The torture messages of RFC 4475 each get their verdict.",
        sip("torture_rfc", "a_torture_request_gets_the_right_verdict"),
        sip("torture_rfc", "a_torture_response_is_taken_only_where_it_is_ours"),
    ),
    row(
        "A broken or foreign message costs a count and changes nothing.",
        sip("fuzz", "no_datagram_takes_the_agent_down"),
        sip("caller", "a_stray_response_changes_nothing"),
        wire("writes_garbage", "writes_strays", "writes_two_vias"),
    ),
)

NETWORK = (
    row(
        "Sound is taken from where it was agreed; another source of the same host is learned in a short "
        "window only.",
        media("source_lock", "the_agreed_address_is_taken_with_its_first_packet"),
        media("source_lock", "nobody_is_learned_after_the_window"),
        media("source_lock", "a_signalling_host_may_be_learned_and_a_third_one_may_not"),
        engine("sound", "a_foreign_source_cannot_pull_the_stream_away"),
    ),
    row(
        "A way through a NAT is kept open, and carriers are told the advertised address.",
        sip("registration", "the_way_is_kept_open_with_line_ends_every_25_seconds"),
        sip("strangers", "a_keep_alive_is_answered_and_noise_is_not"),
        sip("caller", "the_advertised_address_is_what_peers_see"),
    ),
    row(
        "A line without sound is noticed within seconds, with who does not hear whom.",
        media("sound_watch", "a_far_side_that_never_sends_anything_is_noticed_within_seconds"),
        media(
            "sound_watch",
            "sound_that_is_sent_and_blocked_on_the_way_is_noticed_in_spite_of_reports",
        ),
    ),
    row(
        "A trunk over TLS must prove its name; TLS below 1.2 is not spoken.",
        engine("streams", "a_call_over_tls_believes_the_trunks_name"),
        engine("streams", "a_certificate_that_is_not_good_ends_the_call_and_says_why"),
        engine("streams", "tls_1_1_is_not_spoken"),
    ),
    row(
        "SRTP is agreed by SDES and never falls back to the clear.",
        sip("sdp", "sound_never_falls_back_to_the_clear"),
        media("srtp", "what_was_sealed_opens_and_cannot_be_read_on_the_way"),
    ),
    row(
        "A name leads by NAPTR, SRV and A records; weights and priorities are kept.",
        names_of_trunks("a_name_leads_by_naptr_to_srv_to_addresses"),
        names_of_trunks("without_naptr_the_srv_of_the_transport_is_asked"),
        names_of_trunks("weights_share_the_calls_as_they_stand"),
    ),
    row(
        "The next target is taken only where the one before said nothing.",
        engine("trunks", "the_next_call_takes_the_next_target_of_a_name"),
        engine("trunks", "a_target_that_said_anything_is_not_given_up_for_the_next_one"),
    ),
    row(
        "No other trunk is tried once anything may have rung.",
        core("trunk", "no_call_goes_on_once_anything_may_have_rung"),
        core("trunk", "each_failure_is_judged_as_the_table_says"),
    ),
)
