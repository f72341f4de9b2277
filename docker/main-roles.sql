-- Runs once, when the main database's server is made. The owner (POSTGRES_USER) migrates; web, worker and beat log in as
-- praticonnect_login, which owns nothing and can only become praticonnect_app.
\getenv password APP_PASSWORD
create role praticonnect_app nologin;
create role praticonnect_login login noinherit password :'password';
grant praticonnect_app to praticonnect_login;
grant praticonnect_app to current_user;
revoke create on schema public from public;
