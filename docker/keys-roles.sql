-- Runs once, when the keys database's server is made: the application reads and writes keys, the owner migrates.
\getenv password APP_PASSWORD
create role praticonnect_login login password :'password';
revoke create on schema public from public;
grant usage on schema public to praticonnect_login;
alter default privileges in schema public grant select, insert, update, delete on tables to praticonnect_login;
alter default privileges in schema public grant usage, select on sequences to praticonnect_login;
alter default privileges in schema public grant execute on functions to praticonnect_login;
