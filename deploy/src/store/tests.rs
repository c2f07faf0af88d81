use super::*;

/// What an older version's store holds is there afterwards, and its bugs get their new events.
#[tokio::test]
async fn an_older_store_keeps_its_bugs() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("outerloop.db");
    let event = ingest::ErrorEvent {
        exceptions: vec![ingest::Exception {
            type_name: "KeyError".to_owned(),
            message: "'price'".to_owned(),
            frames: vec![ingest::Frame {
                path: "/app/shop/orders.py".to_owned(),
                function: "total".to_owned(),
                ..ingest::Frame::default()
            }],
            ..ingest::Exception::default()
        }],
        ..ingest::ErrorEvent::default()
    };
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
    let mut event = event;
    event.id = Some("new".to_owned());
    let batch = Batch {
        project: 1,
        events: vec![event],
        ..Batch::default()
    };
    store.store(batch).await.unwrap();
    let found = bugs(&path, None).await.unwrap();
    let counts: Vec<_> = found
        .iter()
        .map(|bug| (bug.id.as_str(), bug.impact.n_events, bug.kinds.len()))
        .collect();
    assert_eq!(counts, [("aaaaaaaaaa", 3, 1), ("bbbbbbbbbb", 2, 1)]);
    assert_eq!(found[0].impact.activity.first, Some(1_790_000_000_000));
}
