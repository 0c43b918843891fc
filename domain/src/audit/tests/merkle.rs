//! Trees against a naive tree, and proofs against everything that they don't prove.

use proptest::prelude::*;
use sha2::{Digest, Sha256};

use super::super::*;

fn leaf(text: &[u8]) -> Hash {
    Hash::of(&[&[0], text].concat())
}

fn leaves(count: usize) -> Vec<Hash> {
    (0..count).map(|n| leaf(&n.to_be_bytes())).collect()
}

/// RFC 6962, 2.1, word by word.
fn naive_root(leaves: &[Hash]) -> Hash {
    match leaves {
        [] => Hash::of(&[]),
        [only] => *only,
        _ => {
            let mut middle = 1;
            while middle * 2 < leaves.len() {
                middle *= 2;
            }
            let (left, right) = leaves.split_at(middle);
            let mut node = Sha256::new_with_prefix([1]);
            node.update(naive_root(left).as_bytes());
            node.update(naive_root(right).as_bytes());
            Hash::from_bytes(node.finalize().into())
        }
    }
}

/// The tree of the test vectors that implementations of RFC 6962 share.
#[test]
fn known_roots_come_out() {
    let texts: [&str; 8] = [
        "",
        "00",
        "10",
        "2021",
        "3031",
        "40414243",
        "5051525354555657",
        "606162636465666768696a6b6c6d6e6f",
    ];
    let leaves = texts.map(|text| leaf(&hex::decode(text).unwrap()));
    let expected = [
        (
            1,
            "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        ),
        (
            2,
            "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        ),
        (
            3,
            "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        ),
        (
            5,
            "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        ),
        (
            8,
            "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
        ),
    ];
    for (count, root) in expected {
        assert_eq!(
            root_of(leaves[..count].iter().copied()).to_string(),
            root,
            "{count}"
        );
    }
    let nothing = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";
    assert_eq!(root_of([]).to_string(), nothing);
}

#[test]
fn every_leaf_of_every_small_tree_is_proven_and_no_other() {
    for size in 1..=33 {
        let leaves = leaves(size);
        let root = naive_root(&leaves);
        for index in 0..size {
            let proof = prove(&leaves, index).expect("there is such a leaf");
            assert!(proof.holds(leaves[index], root), "{index} of {size}");
            for (other, leaf) in leaves.iter().enumerate() {
                assert_eq!(
                    proof.holds(*leaf, root),
                    other == index,
                    "{other} for {index}"
                );
                let elsewhere = Proof {
                    index: other as u64,
                    ..proof.clone()
                };
                assert_eq!(elsewhere.holds(leaves[index], root), other == index);
            }
            for wrong in [size as u64 * 2 + 2, index as u64] {
                let resized = Proof {
                    size: wrong,
                    ..proof.clone()
                };
                assert!(!resized.holds(leaves[index], root), "{index} of {wrong}");
            }
            for at in 0..proof.path.len() {
                let mut altered = proof.clone();
                altered.path[at] = Hash::NONE;
                assert!(!altered.holds(leaves[index], root));
                altered.path.remove(at);
                assert!(!altered.holds(leaves[index], root));
            }
            let mut longer = proof;
            longer.path.push(Hash::NONE);
            assert!(!longer.holds(leaves[index], root));
        }
        assert_eq!(prove(&leaves, size), None);
    }
}

proptest! {
    #[test]
    fn a_tree_is_the_naive_tree(count in 0usize..600) {
        let leaves = leaves(count);
        let mut tree = Merkle::default();
        for leaf in &leaves {
            tree.push(*leaf);
        }
        prop_assert_eq!(tree.count(), count as u64);
        prop_assert_eq!(tree.root(), naive_root(&leaves));
    }

    #[test]
    fn a_proof_is_short_and_holds(count in 1usize..3_000, index: prop::sample::Index) {
        let (leaves, index) = (leaves(count), index.index(count));
        let root = root_of(leaves.iter().copied());
        let proof = prove(&leaves, index).expect("there is such a leaf");
        prop_assert!(proof.path.len() <= 12);
        prop_assert!(proof.holds(leaves[index], root));
        prop_assert!(!proof.holds(Hash::NONE, root));
        prop_assert!(!proof.holds(leaves[index], Hash::NONE));
    }
}
