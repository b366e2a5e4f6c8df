# Varnish in front of Rillcast: a cache for the media of public channels, one request to Rillcast for all who ask at
# the same moment. Change what is marked CHANGE; docs/operate/proxies.md says why each line is there. Rillcast needs
# `trusted_proxies` with Varnish's address. Varnish speaks no TLS: put nginx, HAProxy or hitch before it.
vcl 4.1;

backend rillcast {
    .host = "127.0.0.1";  # CHANGE: Rillcast's `http`
    .port = "8080";
    # Longer than a playlist or part is held, and than a stream of events is silent.
    .first_byte_timeout = 75s;
    .between_bytes_timeout = 75s;
}

# Who ends TLS before Varnish, and may say that a request came over it.
acl tls_proxies {
    "127.0.0.1";  # CHANGE
}

sub vcl_recv {
    # Varnish itself adds the client to X-Forwarded-For.
    if (client.ip !~ tls_proxies || !req.http.X-Forwarded-Proto) {
        set req.http.X-Forwarded-Proto = "http";
    }
    # Chat.
    if (req.http.Upgrade ~ "(?i)^websocket$") {
        return (pipe);
    }
    # Media that all viewers have under one URL: /api/video/v1/<channel>/<stream>/<rendition>/<file>. What has a
    # viewer's pass in its path has one part more.
    if ((req.method == "GET" || req.method == "HEAD")
        && req.url ~ "^/api/video/v1/[^/?]+/[^/?]+/[^/?]+/(i[0-9]+\.mp4|s[0-9]+\.(ts|m4s)|p[0-9]+\.[0-9]+\.(ts|m4s))(\?|$)") {
        # Nothing else makes another answer.
        set req.url = regsub(req.url, "\?.*$", "");
        unset req.http.Cookie;
        unset req.http.Authorization;
        return (hash);
    }
    # The API, pages, playlists, private channels.
    return (pass);
}

sub vcl_hash {
    # One file under whatever name of this server.
    hash_data(req.url);
    return (lookup);
}

sub vcl_pipe {
    set bereq.http.Upgrade = req.http.Upgrade;
    set bereq.http.Connection = req.http.Connection;
}

sub vcl_backend_response {
    # A segment that is still being made goes out as it comes in, to all who wait for it. Nothing is kept beyond
    # its time, and nothing old is served while it is looked for.
    set beresp.do_stream = true;
    set beresp.grace = 0s;
    set beresp.keep = 0s;
    # Only what is there is kept. A part that is absent now may be asked for by everyone a moment later.
    if (beresp.status != 200) {
        set beresp.uncacheable = true;
        set beresp.ttl = 1s;
    }
}

sub vcl_deliver {
    set resp.http.X-Cache-Status = "MISS";
    if (obj.hits > 0) {
        set resp.http.X-Cache-Status = "HIT";
    }
}
