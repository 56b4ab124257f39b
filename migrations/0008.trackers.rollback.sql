-- Takes back 0008.trackers.

drop table review_card, issue_order, tracker_pause;
