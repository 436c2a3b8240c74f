-- How calls went, counted beside the outcomes: 'sum' by name, 'hour' and 'hour_answered' by weekday and hour on the lead's
-- clock ("1-09"), 'reached_on' by the attempt on which a person first spoke.
alter table progress_outcome drop constraint progress_outcome_kind_check;
alter table progress_outcome add constraint progress_outcome_kind_check
  check (kind in ('attempt', 'lead', 'sum', 'hour', 'hour_answered', 'reached_on'));

alter table lead add column reached_on integer;
