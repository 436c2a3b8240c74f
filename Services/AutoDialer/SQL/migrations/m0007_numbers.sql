-- What libphonenumber said of a lead's numbers when it joined: reading them again costs a claim more than all the rest of
-- its rules. Leads that joined before have nothing here and are read as they are.

alter table task add column numbers text not null default '';
