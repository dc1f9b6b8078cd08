-- Requests from SQL, with the interface of the extension pg_net: a request is queued in the transaction of its caller,
-- sent by the worker (local/extensions/net.ts) after the commit, never retried; its result is a row of net._http_response.

create schema net;

create domain net.http_method as text check (value in ('GET', 'POST', 'DELETE'));

create unlogged table net.http_request_queue (
  id bigserial primary key,
  method net.http_method not null,
  url text not null,
  headers jsonb,
  body bytea,
  timeout_milliseconds integer not null
);
comment on table net.http_request_queue is 'Requests that wait to be sent; a row disappears when it is.';

create unlogged table net._http_response (
  id bigint,
  status_code integer,
  content_type text,
  headers jsonb,
  content text,
  timed_out boolean,
  error_msg text,
  created timestamptz not null default now()
);
create index _http_response_created_idx on net._http_response (created);
comment on table net._http_response is 'Answers (or what went wrong) of the last six hours.';

create function net._urlencode(value text) returns text
language sql immutable strict
set search_path = ''
return (
  select coalesce(string_agg(
    case
      when letter ~ '[A-Za-z0-9_.~-]' then letter
      else regexp_replace(upper(encode(convert_to(letter, 'UTF8'), 'hex')), '(..)', '%\1', 'g')
    end, '' order by position), '')
  from string_to_table(value, null) with ordinality as letters (letter, position)
);

create function net._url_with_params(url text, params jsonb) returns text
language plpgsql immutable
set search_path = ''
as $$
begin
  if params is null or params = '{}' then
    return url;
  end if;
  return (
    select url || case when position('?' in url) > 0 then '&' else '?' end
      || string_agg(net._urlencode(key) || '=' || net._urlencode(value), '&' order by key)
    from jsonb_each_text(params)
  );
end
$$;

-- plpgsql, as in the extension: it keeps its plan, and many transactions queue a request.
create function net._enqueue(
  method text, url text, params jsonb, headers jsonb, body bytea, timeout_milliseconds integer
) returns bigint
language plpgsql volatile
set search_path = ''
as $$
declare
  request_id bigint;
begin
  insert into net.http_request_queue (method, url, headers, body, timeout_milliseconds)
  values (method, net._url_with_params(url, params), headers, body, timeout_milliseconds)
  returning id into request_id;
  return request_id;
end
$$;

create function net.http_get(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000
) returns bigint
language sql volatile
set search_path = ''
return net._enqueue('GET', url, params, headers, null, timeout_milliseconds);
comment on function net.http_get(text, jsonb, jsonb, integer) is 'Queues a GET request; it is sent after the commit.';

create function net.http_post(
  url text,
  body jsonb default '{}',
  params jsonb default '{}',
  headers jsonb default '{"Content-Type": "application/json"}',
  timeout_milliseconds integer default 5000
) returns bigint
language plpgsql volatile
set search_path = ''
as $$
declare
  content_type text;
begin
  select value into content_type
  from jsonb_each_text(coalesce(headers, '{}')) where lower(key) = 'content-type';
  if content_type is null then
    headers := coalesce(headers, '{}') || '{"Content-Type": "application/json"}';
  elsif content_type <> 'application/json' then
    raise exception 'Content-Type header must be "application/json"';
  end if;
  return net._enqueue('POST', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
end
$$;
comment on function net.http_post(text, jsonb, jsonb, jsonb, integer) is
  'Queues a POST request with a JSON body; it is sent after the commit.';

create function net.http_delete(
  url text,
  params jsonb default '{}',
  headers jsonb default '{}',
  timeout_milliseconds integer default 5000,
  body jsonb default null
) returns bigint
language sql volatile
set search_path = ''
return net._enqueue(
  'DELETE', url, params, headers, convert_to(body::text, 'UTF8'), timeout_milliseconds);
comment on function net.http_delete(text, jsonb, jsonb, integer, jsonb) is
  'Queues a DELETE request; it is sent after the commit.';

-- As wide as the extension's own: whoever reaches the schema may use all of it.
grant usage on schema net to postgres, anon, authenticated, service_role;
grant all on all tables in schema net to public;
grant all on all sequences in schema net to public;
