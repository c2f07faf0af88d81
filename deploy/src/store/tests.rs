use super::*;

/// A crash of which an event tells so many variables.
fn event(id: &str, n_locals: usize) -> ingest::ErrorEvent {
    let locals = (0..n_locals).map(|n| (format!("v{n}"), n.into()));
    ingest::ErrorEvent {
        id: Some(id.to_owned()),
        exceptions: vec![ingest::Exception {
            type_name: "KeyError".to_owned(),
            message: "'price'".to_owned(),
            frames: vec![ingest::Frame {
                path: "/app/shop/orders.py".to_owned(),
                function: "total".to_owned(),
                locals: locals.collect(),
                ..ingest::Frame::default()
            }],
            ..ingest::Exception::default()
        }],
        ..ingest::ErrorEvent::default()
    }
}

fn batch(events: Vec<ingest::ErrorEvent>) -> Batch {
    Batch {
        project: 1,
        events,
        ..Batch::default()
    }
}

#[tokio::test]
async fn a_storm_is_counted_whole_and_kept_in_part() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outerloop.db");
    let mut n_whole = Vec::new();
    // The second time it is started anew, and the first events come once more.
    for ids in [0..1_500, 1_400..3_000] {
        let store = Store::open(&path).await.unwrap();
        let n_locals = |n: usize| if n == 2_222 { 3 } else { 1 };
        let events = ids.map(|n| event(&n.to_string(), n_locals(n))).collect();
        store.store(batch(events)).await.unwrap();
        let row = sqlx::query("SELECT count(*) FROM events WHERE length(body) > 0")
            .fetch_one(&store.pool)
            .await
            .unwrap();
        n_whole.push(row.try_get::<i64, _>(0).unwrap());
        let outcomes = store.outcomes().await.unwrap();
        assert!(outcomes[&(1, "not_kept_whole".to_owned())] > 0);
    }
    // Those with the numbers 1000, 1100, … are kept, and the one that tells most.
    assert_eq!(n_whole, [1_005, 1_021]);
    let found = bugs(&path, None).await.unwrap();
    assert_eq!(found[0].impact.n_events, 3_000);
    assert_eq!(found[0].event_id, "2222");
}

/// What an older version's store holds is there afterwards, and its bugs get their new events.
#[tokio::test]
async fn an_older_store_keeps_its_bugs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outerloop.db");
    let event = event("new", 0);
    {
        let pool = connect(&path, "rwc").await.unwrap();
        let old: Vec<_> = migrations().iter().take(1).cloned().collect();
        let mut first = Migrator::with_migrations(old);
        first.run(&pool).await.unwrap();
        let second: Vec<_> = migrations().iter().take(2).cloned().collect();
        let body = zstd::bulk::compress(&serde_json::to_vec(&event).unwrap(), 1).unwrap();
        for (id, name) in [(7, "aaaaaaaaaa"), (8, "bbbbbbbbbb")] {
            sqlx::query(
                "INSERT INTO bugs (id, project, fingerprint, title, assessment, count, first_seen, last_seen, event_id, wealth) \
                 VALUES ($1, 1, $2, 'a title', '{}', 2, 1790000000000, 1790000001000, $3, 0)",
            )
            .bind(id)
            .bind(name)
            .bind(format!("{id}a"))
            .execute(&pool)
            .await
            .unwrap();
            for event_id in ["a", "b"] {
                sqlx::query("INSERT INTO events (project, event_id, bug, received_at, body) VALUES (1, $1, $2, 0, $3)")
                    .bind(format!("{id}{event_id}"))
                    .bind(id)
                    .bind(&body)
                    .execute(&pool)
                    .await
                    .unwrap();
            }
        }
        first = Migrator::with_migrations(second);
        first.run(&pool).await.unwrap();
    }
    let store = Store::open(&path).await.unwrap();
    store.store(batch(vec![event])).await.unwrap();
    let found = bugs(&path, None).await.unwrap();
    let counts: Vec<_> = found
        .iter()
        .map(|bug| (bug.id.as_str(), bug.impact.n_events, bug.kinds.len()))
        .collect();
    assert_eq!(counts, [("aaaaaaaaaa", 3, 1), ("bbbbbbbbbb", 2, 1)]);
    assert_eq!(found[0].impact.activity.first, Some(1_790_000_000_000));
}
