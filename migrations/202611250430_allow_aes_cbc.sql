-- Whether assertions encrypted with AES-CBC are decrypted although no signature of the Response covers the
-- ciphertext. Off: padding oracles (portcullis connection set).
alter table sso_connections add column allow_aes_cbc boolean not null default false;
