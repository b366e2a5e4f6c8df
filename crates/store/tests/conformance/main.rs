//! What every backend of the store does, run on each of them.
//!
//! Promise: a behaviour stands here once, as a function of an empty store; a new backend is one more
//! module made by the macro below.

#![expect(clippy::unwrap_used, reason = "a failed step is a failed test")]

mod access_keys;
mod backup;
mod channels;
mod chat_restrictions;
mod chat_token_keys;
mod chat_tokens;
mod dead_letters;
mod installation;
mod logging_configurations;
mod nodes;
mod outbox;
mod playback_key_pairs;
mod playback_restriction_policies;
mod playback_tokens;
mod recording_configurations;
mod recordings;
mod rooms;
mod sample;
mod sinks;
mod stream_keys;
mod stream_samples;
mod stream_sessions;
mod tags;
mod viewer_revocations;

use store::Store;
use testkit::Postgres;

/// A store and whatever must live as long as it.
struct Backend {
    store: Store,
    _folder: Option<tempfile::TempDir>,
}

async fn memory() -> Backend {
    Backend { store: Store::in_memory().await.expect("an empty database in memory"), _folder: None }
}

async fn file() -> Backend {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let store = Store::open(&folder.path().join("rillcast.db")).await.expect("an empty database file");
    Backend { store, _folder: Some(folder) }
}

/// A database of its own on the server that all cases share.
async fn postgres() -> Backend {
    let address = tokio::task::spawn_blocking(|| Postgres::shared().database()).await.expect("a database");
    Backend { store: Store::connect(&address).await.expect("an empty database"), _folder: None }
}

macro_rules! on_every_backend {
    ($($file:ident :: $behaviour:ident),+ $(,)?) => {
        on_every_backend!(@ on_memory, memory, $($file::$behaviour),+);
        on_every_backend!(@ on_file, file, $($file::$behaviour),+);
        on_every_backend!(@ on_postgres, postgres, $($file::$behaviour),+);
    };
    (@ $module:ident, $backend:ident, $($file:ident :: $behaviour:ident),+) => {
        mod $module {
            $(#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
            async fn $behaviour() {
                let backend = super::$backend().await;
                super::$file::$behaviour(&backend.store).await;
                backend.store.close().await;
            })+
        }
    };
}

on_every_backend! {
    access_keys::an_added_key_is_found_with_its_secret,
    access_keys::a_list_is_in_order_of_adding_and_shows_no_secret,
    access_keys::a_disabled_key_is_found_as_inactive_at_once_and_can_be_enabled_again,
    access_keys::a_removed_key_is_gone_at_once,
    access_keys::acts_on_an_unknown_key_are_refused,
    access_keys::an_id_is_added_only_once,
    access_keys::an_id_that_no_database_could_hold_is_just_not_there,
    backup::a_backup_read_into_an_empty_database_is_the_same_again,
    backup::who_waits_is_told_how_far_a_backup_and_a_restore_are,
    backup::after_a_restore_positions_and_quotas_go_on,
    backup::a_position_of_a_deleted_row_is_not_used_again_after_a_restore,
    backup::a_used_database_is_restored_only_when_told_to,
    backup::a_damaged_backup_changes_nothing,
    backup::chat_goes_on_after_a_restore_where_it_was,
    backup::a_database_with_nothing_but_keys_and_used_tokens_is_not_in_use,
    backup::a_backup_from_before_chat_is_put_back,
    backup::streams_go_on_after_a_restore_where_they_were,
    backup::a_database_where_only_events_move_is_not_in_use,
    backup::a_backup_from_before_the_life_of_streams_is_put_back,
    backup::a_backup_from_before_private_channels_is_put_back,
    channels::a_created_channel_reads_back_as_written_with_its_key,
    channels::channel_and_key_are_made_both_or_neither,
    channels::a_list_is_in_creation_order_and_its_last_page_says_so,
    channels::a_name_filter_takes_the_exact_name_and_pages_too,
    channels::paging_is_stable_while_channels_come_and_go,
    channels::a_deleted_channel_takes_its_keys_with_it,
    channels::deleting_twice_is_refused,
    channels::another_account_or_region_sees_nothing,
    channels::the_quota_holds_under_a_race,
    channels::a_deleted_channel_makes_room_under_the_quota,
    channels::an_update_is_seen_by_every_read_and_keeps_the_place_in_lists,
    channels::a_refused_update_changes_nothing,
    channels::of_many_who_update_one_channel_nobody_is_lost,
    channels::a_channel_is_attached_only_to_what_its_tenant_has,
    channels::lists_by_attachment_follow_what_channels_are_attached_to,
    channels::acts_that_are_given_up_leave_whole_channels_and_a_working_store,
    stream_keys::a_second_key_is_refused_until_the_first_is_deleted,
    stream_keys::a_key_for_a_missing_or_foreign_channel_is_refused,
    stream_keys::a_value_finds_its_key_and_channel,
    stream_keys::a_deleted_key_admits_nobody,
    stream_keys::the_quota_holds_under_a_race_for_the_last_key,
    stream_keys::lists_page_in_creation_order,
    stream_keys::another_account_sees_no_key,
    installation::a_secret_is_made_once_and_kept,
    installation::racing_first_readers_agree_on_the_secret,
    playback_key_pairs::an_imported_key_reads_back_as_written,
    playback_key_pairs::the_same_key_twice_is_refused_with_the_name_of_the_first,
    playback_key_pairs::another_account_or_region_may_have_the_same_key,
    playback_key_pairs::of_racing_imports_of_one_key_one_wins,
    playback_key_pairs::the_quota_holds_under_a_race_and_a_deleted_key_makes_room,
    playback_key_pairs::key_pairs_are_listed_in_creation_order_page_by_page,
    playback_restriction_policies::a_created_policy_reads_back_for_its_tenant_alone,
    playback_restriction_policies::policies_are_listed_in_creation_order_page_by_page,
    playback_restriction_policies::of_many_who_update_one_policy_nobody_is_lost,
    playback_restriction_policies::the_quota_of_policies_holds_under_a_race_and_a_deletion_makes_room,
    playback_restriction_policies::a_policy_goes_only_when_no_channel_is_attached_to_it,
    recording_configurations::a_created_recording_configuration_reads_back_for_its_tenant_alone,
    recording_configurations::recording_configurations_are_listed_in_creation_order_page_by_page,
    recording_configurations::those_in_creation_are_found_across_tenants_until_they_are_settled,
    recording_configurations::the_quota_of_recording_configurations_holds_under_a_race,
    recording_configurations::no_channel_is_attached_to_a_recording_configuration_that_is_gone,
    viewer_revocations::a_revocation_reads_back_for_its_viewer_alone,
    viewer_revocations::the_highest_version_and_the_latest_time_stand_in_any_order,
    viewer_revocations::a_batch_keeps_the_good_and_names_the_channels_that_are_not_there,
    viewer_revocations::racing_revocations_of_one_viewer_leave_the_highest,
    viewer_revocations::revocations_go_with_their_channel,
    viewer_revocations::who_reads_on_misses_no_revocation,
    viewer_revocations::all_revocations_are_read_page_by_page,
    viewer_revocations::there_is_news_when_viewers_are_revoked,
    viewer_revocations::revocations_are_forgotten_the_oldest_first,
    playback_tokens::a_playback_token_is_first_once,
    playback_tokens::of_racing_uses_of_a_playback_token_one_is_first,
    playback_tokens::playback_tokens_that_ran_out_are_forgotten_the_oldest_first,
    rooms::a_created_room_reads_back_for_its_tenant_alone,
    rooms::rooms_are_listed_from_the_latest_change_backwards,
    rooms::of_rooms_changed_in_one_millisecond_the_newer_comes_first,
    rooms::each_filter_and_all_of_them_together_give_what_matches,
    rooms::a_walk_sees_every_unchanged_room_once_while_others_come_change_and_go,
    rooms::an_update_of_a_room_is_seen_by_every_read,
    rooms::of_many_who_update_one_room_nobody_is_lost,
    rooms::the_quota_of_rooms_holds_under_a_race_and_a_deletion_makes_room,
    rooms::a_room_is_logged_only_to_what_its_tenant_has_and_what_is_active,
    rooms::a_room_stays_logged_to_what_has_failed_since,
    rooms::the_rooms_that_are_logged_somewhere_are_listed_in_creation_order,
    rooms::no_room_is_logged_to_a_configuration_that_is_gone,
    logging_configurations::a_created_logging_configuration_reads_back_for_its_tenant_alone,
    logging_configurations::logging_configurations_are_listed_in_creation_order_page_by_page,
    logging_configurations::those_on_trial_are_found_across_tenants_until_they_are_settled,
    logging_configurations::a_trial_says_nothing_of_a_destination_that_came_after_it,
    logging_configurations::a_refused_update_of_a_logging_configuration_changes_nothing,
    logging_configurations::the_quota_of_logging_configurations_holds_under_a_race,
    logging_configurations::a_logging_configuration_goes_only_when_no_room_is_logged_to_it,
    chat_token_keys::added_keys_are_read_back_newest_first,
    chat_token_keys::retired_keys_are_gone_and_their_ids_are_not_used_again,
    chat_token_keys::of_racing_nodes_each_has_a_key_of_its_own,
    chat_token_keys::a_key_does_not_show_its_secret,
    chat_tokens::a_token_is_first_once,
    chat_tokens::a_batch_that_names_a_token_twice_counts_the_first_mention,
    chat_tokens::strange_ids_and_times_are_tokens_like_others,
    chat_tokens::of_racing_batches_one_is_first_for_each_token,
    chat_tokens::forgetting_takes_those_that_ran_out_and_no_other,
    chat_restrictions::restrictions_of_a_room_are_listed_by_user,
    chat_restrictions::the_latest_of_a_kind_takes_the_place_of_the_one_before,
    chat_restrictions::a_lifted_restriction_is_gone_and_the_other_kind_stays,
    chat_restrictions::restrictions_go_with_their_room,
    chat_restrictions::what_has_ended_is_forgotten,
    recordings::a_recording_is_found_by_its_id_and_its_place,
    recordings::what_is_told_of_a_recording_is_out_and_with_its_session_once,
    recordings::a_recording_whose_session_is_forgotten_is_told_all_the_same,
    recordings::recordings_are_listed_from_the_newest_on,
    recordings::open_and_ended_recordings_are_found_by_their_node,
    recordings::a_recording_is_removed_once,
    stream_samples::a_minute_that_is_written_again_stands_as_it_was_written_last,
    stream_samples::samples_of_a_session_that_is_not_there_are_not_kept_and_do_no_harm,
    stream_samples::samples_are_read_by_their_time_page_by_page,
    stream_samples::samples_go_with_their_session,
    stream_sessions::an_opened_session_reads_back_for_its_tenant_alone,
    stream_sessions::a_step_is_written_with_its_events_or_not_at_all,
    stream_sessions::a_step_that_is_tried_again_is_told_once,
    stream_sessions::what_is_kept_of_an_event_is_its_name_and_code,
    stream_sessions::an_error_marks_its_session_for_good,
    stream_sessions::of_all_who_close_a_session_one_does,
    stream_sessions::of_many_who_revise_one_session_nobody_is_lost,
    stream_sessions::sessions_are_listed_from_the_newest_on,
    stream_sessions::the_newest_five_hundred_events_of_a_session_are_kept,
    stream_sessions::open_sessions_are_found_by_tenant_and_by_node,
    stream_sessions::a_session_outlives_its_channel,
    stream_sessions::the_longest_ended_sessions_are_forgotten_first_with_their_events,
    nodes::a_node_is_as_alive_as_it_said_last,
    nodes::only_nodes_with_open_sessions_are_missed,
    nodes::a_node_that_opens_a_session_lives,
    nodes::nodes_are_forgotten_with_their_sessions,
    outbox::an_event_comes_out_as_it_went_in,
    outbox::who_reads_on_misses_no_event_of_many_writers,
    outbox::there_is_news_when_events_are_out_and_only_then,
    outbox::old_events_that_all_have_seen_are_forgotten,
    sinks::a_new_sink_starts_behind_the_newest_event,
    sinks::a_sink_is_its_holders_until_the_time_is_over_or_it_lets_go,
    sinks::only_its_holder_moves_a_sink_and_never_back,
    sinks::of_all_who_want_a_sink_one_has_it,
    dead_letters::letters_are_listed_by_sink_and_by_account,
    dead_letters::of_an_event_that_was_refused_again_the_newest_letter_stands,
    dead_letters::what_is_to_be_delivered_again_is_due_in_the_order_of_events,
    dead_letters::any_reason_can_be_kept_and_of_a_long_one_its_beginning,
    dead_letters::letters_whose_time_is_over_are_forgotten,
    tags::every_kind_is_tagged_alike_and_keeps_all_else,
    tags::a_refused_change_of_tags_changes_nothing,
    tags::tags_of_what_is_absent_or_foreign_are_not_found,
    tags::of_many_who_tag_one_resource_nobody_is_lost,
}
