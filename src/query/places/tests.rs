//! Against the definition, tried out place by place.
use super::*;
use proptest::prelude::*;
use std::collections::BTreeSet;

fn phrase(words: usize, how: Arrangement, first: bool, last: bool) -> Phrase {
    Phrase { how, first, last, ..Phrase::exact(vec!["w"; words]) }
}

/// Every choice of different places, one for each word.
fn choices(lists: &[Vec<u32>]) -> Vec<Vec<u32>> {
    let mut all: Vec<Vec<u32>> = vec![vec![]];
    for list in lists {
        all = all
            .iter()
            .flat_map(|taken| {
                list.iter().filter(|place| !taken.contains(place)).map(|place| [taken.as_slice(), &[*place]].concat())
            })
            .collect();
    }
    all
}

fn holds(choice: &[u32], phrase: &Phrase, words: u32) -> bool {
    let (least, most) = (*choice.iter().min().unwrap(), *choice.iter().max().unwrap());
    let stands = match phrase.how {
        _ if choice.len() == 1 => true,
        Arrangement::Adjacent => choice.is_sorted() && (most - least) as usize == choice.len() - 1,
        Arrangement::Within(others) => most - least < choice.len() as u32 + others,
        Arrangement::SameTurn => true,
    };
    stands && (!phrase.first || choice.contains(&0)) && (!phrase.last || choice.contains(&(words - 1)))
}

fn expected(lists: &[Vec<u32>], phrase: &Phrase, words: u32) -> (u32, BTreeSet<(u32, u32)>) {
    let matches: Vec<Vec<u32>> = choices(lists).into_iter().filter(|choice| holds(choice, phrase, words)).collect();
    let least = |choice: &Vec<u32>| *choice.iter().min().unwrap();
    let most = |choice: &Vec<u32>| *choice.iter().max().unwrap();
    let begins: BTreeSet<u32> = matches.iter().map(least).collect();
    let known = |place: u32| lists.iter().any(|list| list.contains(&place));
    let mut shown = BTreeSet::new();
    let one = lists.len() == 1 || phrase.how == Arrangement::Adjacent;
    if one {
        let end = |begin: u32| begin + lists.len() as u32 - 1;
        return (begins.len() as u32, begins.iter().map(|begin| (*begin, end(*begin))).collect());
    }
    if phrase.how == Arrangement::SameTurn {
        if !matches.is_empty() {
            shown.extend((0..words).filter(|place| known(*place)).map(|place| (place, place)));
        }
        return (u32::from(!matches.is_empty()), shown);
    }
    for begin in &begins {
        let end = matches.iter().filter(|choice| least(choice) == *begin).map(most).min().unwrap();
        shown.extend((*begin..=end).filter(|place| known(*place)).map(|place| (place, place)));
    }
    (begins.len() as u32, shown)
}

fn found(lists: &[Vec<u32>], phrase: &Phrase, words: u32) -> (u32, BTreeSet<(u32, u32)>) {
    let lists: Vec<&[u32]> = lists.iter().map(Vec::as_slice).collect();
    let places = Places { phrase, lists: &lists, words, apart: false };
    let Ok(count) = places.count(untimed);
    let Ok(shown) = places.shown(untimed);
    (count, shown.into_iter().collect())
}

#[test]
fn words_that_may_share_a_place_need_two() {
    let twice = [vec![2], vec![2]];
    assert_eq!(found(&twice, &phrase(2, Arrangement::SameTurn, false, false), 5).0, 0);
    assert_eq!(found(&[vec![2, 4], vec![2]], &phrase(2, Arrangement::Within(1), false, false), 5).0, 1);
    assert_eq!(found(&[vec![2, 4], vec![2]], &phrase(2, Arrangement::Within(0), false, false), 5).0, 0);
}

#[test]
fn a_window_shows_its_shortest_match() {
    let lists = [vec![0, 5], vec![2, 3]];
    let (count, shown) = found(&lists, &phrase(2, Arrangement::Within(9), false, false), 6);
    assert_eq!((count, shown.into_iter().collect::<Vec<_>>()), (3, vec![(0, 0), (2, 2), (3, 3), (5, 5)]));
    let (count, shown) = found(&lists, &phrase(2, Arrangement::Within(9), true, false), 6);
    assert_eq!((count, shown.into_iter().collect::<Vec<_>>()), (1, vec![(0, 0), (2, 2)]));
}

#[test]
fn many_equal_words_are_chosen_without_deep_recursion() {
    let list: Vec<u32> = (0..600).collect();
    let lists: Vec<&[u32]> = vec![&list; 600];
    let phrase = phrase(600, Arrangement::SameTurn, true, true);
    let places = Places { phrase: &phrase, lists: &lists, words: 600, apart: false };
    assert_eq!(places.count(untimed), Ok(1));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(3_000))]

    #[test]
    fn counts_and_shows_what_the_definition_says(
        lists in prop::collection::vec(prop::collection::btree_set(0u32..6, 0..5), 1..4),
        how in prop_oneof![
            Just(Arrangement::Adjacent),
            (0u32..4).prop_map(Arrangement::Within),
            Just(Arrangement::SameTurn)
        ],
        first: bool,
        last: bool,
        words in 6u32..8,
    ) {
        let lists: Vec<Vec<u32>> = lists.into_iter().map(|list| list.into_iter().collect()).collect();
        let phrase = phrase(lists.len(), how, first, last);
        prop_assert_eq!(found(&lists, &phrase, words), expected(&lists, &phrase, words));
    }
}
